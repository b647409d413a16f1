public import Deployments

/// What a watch knows: the deployments, in the order in which they were added, and the state of its
/// connection.
public struct WatchState: Sendable {
    /// The deployments, in the order in which they were added.
    public private(set) var rows: [WatchRow] = []
    /// The state of the connection to the server.
    public var connection: Connection = .connecting

    private var places: [DeploymentID: Int] = [:]

    /// The state of a watch's connection to its server.
    public enum Connection: Sendable, Hashable {
        /// There was no answer yet.
        case connecting
        /// Events arrive.
        case live
        /// The connection is lost; the next attempt has this number and, if a time is set, comes then.
        case lost(retryAt: Timestamp?, attempt: Int)
    }

    /// A watch without deployments.
    public init() {}

    /// Adds a deployment of which there is no event yet. If it is already known, nothing changes.
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

    /// Adds a deployment in this state. If it is already known, the newer state wins.
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

    /// Makes the labels of the rows unique: adds the environment if there are several, and the id if the
    /// same app is deployed twice.
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

    /// Removes a deployment.
    public mutating func remove(_ id: DeploymentID) {
        guard let place = places.removeValue(forKey: id) else { return }
        rows.remove(at: place)
        for index in rows.indices.dropFirst(place) { places[rows[index].id] = index }
        label()
    }

    /// Applies an event whose number in the journal is `id`. An event that is known already, or of a
    /// deployment that was not added, changes nothing.
    public mutating func apply(_ event: Event, id: Int64) {
        guard let place = places[event.deploymentID] else { return }
        rows[place].apply(event, id: id)
    }

    /// The deployment with that id; nil if it was not added.
    public subscript(id: DeploymentID) -> WatchRow? {
        places[id].map { rows[$0] }
    }

    /// The number of deployments with that status.
    public func count(_ status: DeploymentStatus) -> Int {
        rows.count { $0.state.status == status }
    }

    /// The number of deployments that have ended, whatever the outcome.
    public var endedCount: Int { rows.count { $0.state.isFinal } }

    /// The number of deployments that have failed.
    public var failedCount: Int { count(.failed) }

    /// Whether there are deployments, and all have ended.
    public var isFinished: Bool { !rows.isEmpty && rows.allSatisfy(\.state.isFinal) }

    /// The milliseconds from the first request to the last end, or to `now` if a deployment has not ended.
    public func elapsed(_ now: Timestamp) -> Int64 {
        guard let start = rows.map(\.state.createdAt).min() else { return 0 }
        let end = isFinished ? rows.compactMap(\.state.finishedAt).max() ?? now : now
        return Timestamp.milliseconds(from: start, to: end)
    }
}
