public import Deployments

/// The events of all deployments, in the order in which they were committed.
public protocol EventLog: Sendable {
    /// Stores a deployment, its first event and the key of its request, or none of them.
    ///
    /// This is durable when the call returns. Throws `.alreadyExists` if the id is taken, and
    /// `.keyTaken` if the key stands for another deployment.
    func create(
        _ deployment: NewDeployment,
        first event: Event,
        key: IdempotencyKey?
    ) async throws(JournalError) -> StoredEvent

    /// Commits an event of a deployment together with the intent that it reports, if there is one.
    ///
    /// Throws `.unknownDeployment`, `.alreadyFinal` after a final event, and `.fenced` if another
    /// driver has taken over the deployment. An intent is committed durably, and refused as
    /// `DeploymentDrivers.intend` does.
    func append(
        _ event: Event,
        intending intent: Intent?,
        by driver: Driver,
        durability: Durability
    ) async throws(JournalError) -> StoredEvent

    /// Commits a change of a deployment's container. It is durable when the call returns.
    ///
    /// Only the newest changes of a deployment are kept, at least 200 of them. Throws
    /// `.unknownDeployment`, also if the deployment has no container.
    func append(_ event: WorkloadEvent) async throws(JournalError) -> StoredEvent

    /// Forgets a deployment and its events. Commits an event that says so, and returns it.
    ///
    /// Throws `.unknownDeployment`, `.notFinal` before the final event, and `.workloadLives`.
    func delete(
        _ id: DeploymentID,
        at moment: Timestamp
    ) async throws(JournalError) -> StoredEvent

    /// Forgets the deployments that need not be kept, one at a time, as `delete` does, and returns
    /// their number. Ends early if its task is cancelled.
    func prune(_ retention: Retention, at moment: Timestamp) async throws(JournalError) -> Int

    /// A sequence of everything that is committed from this call on.
    ///
    /// The calls `create`, `append`, `delete` and `prune` return only after all readers of such
    /// sequences have handled what was committed.
    func commits() -> CommitSequence

    /// The progress events of the deployment with ids above `after`, ascending.
    ///
    /// There are at most `limit` of them. All except the first together have at most `maxBytes` of
    /// text. An unknown deployment has none.
    func events(
        of id: DeploymentID,
        after: Int64,
        limit: Int,
        maxBytes: Int
    ) async throws(JournalError) -> [StoredEvent]

    /// The newest progress event of the deployment; nil for an unknown one.
    func latest(of id: DeploymentID) async throws(JournalError) -> StoredEvent?

    /// The progress event with that id; nil if there is none, or no longer.
    func event(_ id: Int64) async throws(JournalError) -> StoredEvent?

    /// The greatest event id so far; 0 if there is none.
    func lastEventID() async throws(JournalError) -> Int64

    /// The stage changes among the next `limit` events with ids above `after`, ascending. A stage
    /// change is the first event of a deployment, or an event whose stage differs from that of the
    /// deployment's event before it.
    func stageChanges(after: Int64, limit: Int) async throws(JournalError) -> StageChanges

    /// The ids of a deployment's stage changes above `after` up to `through`, ascending.
    func stageChanges(
        of id: DeploymentID,
        after: Int64,
        through: Int64
    ) async throws(JournalError) -> [Int64]
}

extension EventLog {
    /// Commits an event as the deployment's first driver.
    public func append(
        _ event: Event,
        durability: Durability
    ) async throws(JournalError) -> StoredEvent {
        try await append(
            event,
            intending: nil,
            by: Driver(of: event.deploymentID),
            durability: durability
        )
    }
}

/// The parts of a commit that must survive a power failure. A crash of the server alone loses
/// nothing that was committed.
public enum Durability: Sendable, Hashable {
    /// The event is on the disk; for stage changes and final events.
    case durable
    /// The event and everything after it may be lost in a power failure; for progress.
    case grouped
}
