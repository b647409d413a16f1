public import Deployments

/// What one watch knows: deployments in the order in which they were added, and how it hears of
/// them.
public struct WatchState: Sendable {
    /// The deployments, in the order of adding.
    public private(set) var rows: [WatchRow] = []
    /// How it hears of them.
    public var connection: Connection = .connecting

    private var places: [DeploymentID: Int] = [:]

    /// How a watch stands with its server.
    public enum Connection: Sendable, Hashable {
        /// No answer yet.
        case connecting
        /// Events come in.
        case live
        /// It was cut, and is taken up again at a moment, where one is set, for the nth time.
        case lost(retryAt: Timestamp?, attempt: Int)
    }

    /// A watch of nothing yet.
    public init() {}

    /// Adds a deployment of which there is no event yet. One that is known stays as it is.
    public mutating func add(
        _ id: DeploymentID,
        name: String,
        environment: String,
        createdAt: Timestamp,
        copy: CopyOrder
    ) {
        let state = DeploymentState(createdAt: createdAt, copy: copy)
        add(id, name: name, environment: environment, state: state)
    }

    /// Adds a deployment that stands so. One that is known comes to stand so where that is newer.
    public mutating func add(
        _ id: DeploymentID,
        name: String,
        environment: String,
        state: DeploymentState
    ) {
        if let place = places[id] {
            rows[place].advance(to: state)
            return
        }
        places[id] = rows.count
        rows.append(WatchRow(id: id, name: name, environment: environment, state: state))
        label()
    }

    /// Tells the rows apart: by the environment if there are several, and by the id where the
    /// same is deployed twice.
    private mutating func label() {
        let isMixed = Set(rows.map(\.environment)).count > 1
        let names = rows.map { row in
            isMixed && row.environment != "default" ? "\(row.name)@\(row.environment)" : row.name
        }
        let counts = names.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        for (index, name) in names.enumerated() {
            let mark = counts[name, default: 0] > 1 ? " #\(rows[index].id.text.prefix(4))" : ""
            rows[index].show(as: name, mark: mark)
        }
    }

    /// Forgets a deployment.
    public mutating func remove(_ id: DeploymentID) {
        guard let place = places.removeValue(forKey: id) else { return }
        rows.remove(at: place)
        for index in rows.indices.dropFirst(place) { places[rows[index].id] = index }
        label()
    }

    /// Takes in an event that the journal has numbered `id`; one of another deployment, or that
    /// is known, changes nothing.
    public mutating func apply(_ event: Event, id: Int64) {
        guard let place = places[event.deploymentID] else { return }
        rows[place].apply(event, id: id)
    }

    /// The deployment of that id; nil if it was not added.
    public subscript(id: DeploymentID) -> WatchRow? {
        places[id].map { rows[$0] }
    }

    /// How many deployments stand so.
    public func count(_ status: DeploymentStatus) -> Int {
        rows.count { $0.state.status == status }
    }

    /// How many deployments have ended, in whichever way.
    public var endedCount: Int { rows.count { $0.state.isFinal } }

    /// How many deployments have failed.
    public var failedCount: Int { count(.failed) }

    /// Whether there are deployments, and all have ended.
    public var isFinished: Bool { !rows.isEmpty && rows.allSatisfy(\.state.isFinal) }

    /// The milliseconds from the first request to the last end, or to `now` where one goes on.
    public func elapsed(_ now: Timestamp) -> Int64 {
        guard let start = rows.map(\.state.createdAt).min() else { return 0 }
        let end = isFinished ? rows.compactMap(\.state.finishedAt).max() ?? now : now
        return Timestamp.milliseconds(from: start, to: end)
    }
}
