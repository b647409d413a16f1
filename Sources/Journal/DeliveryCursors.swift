public import Deployments

/// Stores the position of each webhook in the journal.
public protocol DeliveryCursors: Sendable {
    /// The cursors of all webhooks, by their keys.
    func webhookCursors() async throws(JournalError) -> [String: DeliveryCursor]

    /// Stores a webhook's cursor. A power failure may undo this.
    ///
    /// - Parameter former: the cursor that is stored now; nil if there is none.
    func keep(
        _ place: DeliveryCursor,
        after former: DeliveryCursor?,
        of key: String
    ) async throws(JournalError)

    /// Forgets the cursors of all webhooks except these.
    func forgetWebhooks(except keys: [String]) async throws(JournalError)
}

/// The position of one webhook: which stage changes have been settled.
public struct DeliveryCursor: Sendable, Equatable {
    /// All stage changes up to this event id are settled, except those of the deployments in
    /// `lags`.
    public var position: Int64
    /// The deployments whose events are behind those of the others.
    public var lags: [DeploymentID: Lag]

    /// The position of one deployment that is behind.
    public struct Lag: Sendable, Equatable {
        /// All stage changes of the deployment up to this event id are settled.
        public var settled: Int64
        /// The time since which the next of them has failed; nil if it is not known to have failed.
        public var since: Timestamp?

        /// Creates a lag.
        public init(settled: Int64, since: Timestamp?) {
            self.settled = settled
            self.since = since
        }
    }

    /// Creates a cursor.
    public init(position: Int64, lags: [DeploymentID: Lag] = [:]) {
        self.position = position
        self.lags = lags
    }
}

/// An event with a new stage.
public struct StageChange: Sendable, Hashable {
    /// The event's id.
    public let id: Int64
    /// The deployment of the event.
    public let deploymentID: DeploymentID

    /// Creates a stage change.
    public init(id: Int64, deploymentID: DeploymentID) {
        self.id = id
        self.deploymentID = deploymentID
    }
}

/// The stage changes in a part of the journal.
public struct StageChanges: Sendable, Equatable {
    /// The stage changes in the order of their ids.
    public let changes: [StageChange]
    /// The id of the last event of any kind in this part; if there was none, the beginning of the
    /// part.
    public let through: Int64

    /// Creates the stage changes of a part that ends with the event `through`.
    public init(changes: [StageChange], through: Int64) {
        self.changes = changes
        self.through = through
    }
}
