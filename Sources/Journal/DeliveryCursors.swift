public import Deployments

/// How far the sending to each webhook has come.
public protocol DeliveryCursors: Sendable {
    /// The places of all webhooks, by their keys.
    func webhookCursors() async throws(JournalError) -> [String: DeliveryCursor]

    /// Keeps how far the sending to a webhook has come; a loss of power may take it back.
    ///
    /// - Parameter former: what is kept of it; nil if nothing is.
    func keep(
        _ place: DeliveryCursor,
        after former: DeliveryCursor?,
        of key: String
    ) async throws(JournalError)

    /// Forgets the places of all webhooks but these.
    func forgetWebhooks(except keys: [String]) async throws(JournalError)
}

/// How far the sending of stage changes to one webhook has come.
public struct DeliveryCursor: Sendable, Equatable {
    /// Every stage change up to this event id is settled, but for those of the delayed deployments.
    public var position: Int64
    /// The deployments whose events have not kept up with the others'.
    public var lags: [DeploymentID: Lag]

    /// How far the sending of one deployment's events has come.
    public struct Lag: Sendable, Equatable {
        /// The deployment's stage changes up to this event id are settled.
        public var settled: Int64
        /// Since when the next of them has not been taken; nil if it is not known to be refused.
        public var since: Timestamp?

        /// A delay.
        public init(settled: Int64, since: Timestamp?) {
            self.settled = settled
            self.since = since
        }
    }

    /// A place in the journal.
    public init(position: Int64, lags: [DeploymentID: Lag] = [:]) {
        self.position = position
        self.lags = lags
    }
}

/// An event that tells of a new stage.
public struct StageChange: Sendable, Hashable {
    /// The event's id.
    public let id: Int64
    /// Whose event it is.
    public let deploymentID: DeploymentID

    /// The event of that id.
    public init(id: Int64, deploymentID: DeploymentID) {
        self.id = id
        self.deploymentID = deploymentID
    }
}

/// The stage changes in a part of the journal.
public struct StageChanges: Sendable, Equatable {
    /// In the order of their ids.
    public let changes: [StageChange]
    /// The id of the last event that was looked at, of whatever kind; where the part began, if there
    /// was none.
    public let through: Int64

    /// Those up to an event.
    public init(changes: [StageChange], through: Int64) {
        self.changes = changes
        self.through = through
    }
}
