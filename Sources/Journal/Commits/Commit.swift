public import Deployments

/// One change that the journal has committed, with what it has made of the deployment.
public struct Commit: Sendable {
    /// What is kept of the change, and streamed.
    public let event: StoredEvent
    /// What has changed.
    public let change: Change
    /// The deployment after the change; for one that is forgotten, as it was last.
    public let record: DeploymentRecord

    /// What may change.
    public enum Change: Sendable {
        /// The deployment goes on, or ends.
        case progress(Event)
        /// Its container stands in another way.
        case workload
        /// It is forgotten.
        case deleted
    }

    /// A change.
    public init(event: StoredEvent, change: Change, record: DeploymentRecord) {
        self.event = event
        self.change = change
        self.record = record
    }
}
