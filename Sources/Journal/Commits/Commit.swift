public import Deployments

/// One change that the journal has committed, together with the resulting state of the deployment.
public struct Commit: Sendable {
    /// The stored event of the change, as it is also streamed.
    public let event: StoredEvent
    /// The kind and content of the change.
    public let change: Change
    /// The deployment after the change; for a forgotten one, its last state.
    public let record: DeploymentRecord

    /// The kinds of changes.
    public enum Change: Sendable {
        /// The deployment has made progress, or has ended.
        case progress(Event)
        /// The state of its container has changed.
        case workload
        /// The deployment was forgotten.
        case deleted
    }

    /// Creates a commit.
    public init(event: StoredEvent, change: Change, record: DeploymentRecord) {
        self.event = event
        self.change = change
        self.record = record
    }
}
