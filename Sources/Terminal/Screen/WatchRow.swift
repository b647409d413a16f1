public import Deployments

/// One deployment in a watch.
public struct WatchRow: Sendable {
    /// The deployment.
    public let id: DeploymentID
    /// The name of the app.
    public let name: String
    /// The app's environment.
    public let environment: String
    /// The state that the deployment's events add up to.
    public private(set) var state: DeploymentState
    /// The newest event's detail; nil if it has none.
    public private(set) var detail: JSONValue?
    /// The percentage; if the deployment ended without success, the progress that it had reached.
    public private(set) var progress: Int
    /// The name, safe to print, with a mark that distinguishes it from the other rows: the environment if
    /// there are several, and the beginning of the id if the name occurs twice.
    public private(set) var label: String

    /// The number of columns of the label.
    private(set) var labelWidth: Int
    private var mark = ""

    init(id: DeploymentID, name: String, environment: String, state: DeploymentState) {
        self.id = id
        self.name = name
        self.environment = environment
        self.state = state
        label = printable(name)
        labelWidth = DisplayWidth.of(label)
        progress = Self.progress(of: state)
    }

    /// Sets the label, made of the name and the mark. The mark is ASCII and never cut off.
    mutating func show(as name: String, mark: String) {
        let safe = printable(name)
        label = safe + mark
        labelWidth = DisplayWidth.of(label)
        self.mark = mark
    }

    /// The label in exactly `width` columns.
    func label(exactly width: Int) -> String {
        let room = width - mark.utf8.count
        guard labelWidth > width, !mark.isEmpty, room >= 3 else {
            return DisplayWidth.exactly(label, width)
        }
        let name = String(label.dropLast(mark.count))
        return DisplayWidth.exactly(name, room) + mark
    }

    mutating func apply(_ event: Event, id: Int64) {
        let before = state.lastEventID
        state.apply(event, id: id)
        guard state.lastEventID != before else { return }
        detail = event.detail
        // An event that ends a deployment without success has a progress of 100 percent, which is not
        // shown.
        if !state.isFinal || state.status == .success { progress = Self.clamped(state.progress) }
    }

    mutating func advance(to newer: DeploymentState) {
        guard newer.lastEventID > state.lastEventID else { return }
        let reached = progress
        state = newer
        detail = nil
        progress = max(reached, Self.progress(of: newer))
    }

    private static func progress(of state: DeploymentState) -> Int {
        guard state.isFinal, state.status != .success else { return clamped(state.progress) }
        guard let stage = state.failure?.stage else { return 0 }
        let order: CopyOrder =
            state.stages.firstIndex { $0.name == Stage.copyingFiles.rawValue } == 3
            ? .beforeStart : .afterStart
        return stage.band(order).lowerBound
    }

    private static func clamped(_ progress: Int) -> Int { min(max(progress, 0), 100) }
}
