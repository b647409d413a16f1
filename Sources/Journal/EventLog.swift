public import Deployments

/// The events of all deployments, in the order in which they were committed.
public protocol EventLog: Sendable {
    /// Keeps a deployment, its first event and the key it was asked for with, all or nothing.
    ///
    /// It is durable when the call returns. Throws `.alreadyExists` for an id that is taken, and
    /// `.keyTaken` if the key stands for another deployment.
    func create(
        _ deployment: NewDeployment,
        first event: Event,
        key: IdempotencyKey?
    ) async throws(JournalError) -> StoredEvent

    /// Commits an event of a deployment and, if there is one, the intent that it tells of.
    ///
    /// Throws `.unknownDeployment`, `.alreadyFinal` after a final event, and `.fenced` if the
    /// deployment has another driver by now. An intent is committed durably, and refused as
    /// `DeploymentDrivers.intend` does.
    func append(
        _ event: Event,
        intending intent: Intent?,
        by driver: Driver,
        durability: Durability
    ) async throws(JournalError) -> StoredEvent

    /// Commits a change of a deployment's container; durable when it returns.
    ///
    /// Only a deployment's newest changes are kept, at least 200 of them.
    /// Throws `.unknownDeployment`, also for a deployment that has no container.
    func append(_ event: WorkloadEvent) async throws(JournalError) -> StoredEvent

    /// Forgets a deployment and its events. Commits, and gives, an event that says so.
    ///
    /// Throws `.unknownDeployment`, `.notFinal` before its final event, and `.workloadLives`.
    func delete(
        _ id: DeploymentID,
        at moment: Timestamp
    ) async throws(JournalError) -> StoredEvent

    /// Forgets what is not to be kept, one deployment at a time, each as `delete` does; gives how
    /// many. Ends early if its task is cancelled.
    func prune(_ retention: Retention, at moment: Timestamp) async throws(JournalError) -> Int

    /// Everything that is committed from this call on.
    ///
    /// None of `create`, `append`, `delete` and `prune` returns before all readers of such sequences
    /// have dealt with what it has committed.
    func commits() -> CommitSequence

    /// The deployment's progress events with ids above `after`, ascending.
    ///
    /// At most `limit` of them and, but for the first, at most `maxBytes` of text in all. Empty
    /// for an unknown deployment.
    func events(
        of id: DeploymentID,
        after: Int64,
        limit: Int,
        maxBytes: Int
    ) async throws(JournalError) -> [StoredEvent]

    /// The deployment's newest progress event; nil for an unknown deployment.
    func latest(of id: DeploymentID) async throws(JournalError) -> StoredEvent?

    /// The progress event of that id; nil if there is none, or none any more.
    func event(_ id: Int64) async throws(JournalError) -> StoredEvent?

    /// The greatest event id so far; 0 if there is none.
    func lastEventID() async throws(JournalError) -> Int64

    /// The stage changes among the next `limit` events with ids above `after`, ascending: a
    /// deployment's first event, and each whose stage is another than that of the one before it.
    func stageChanges(after: Int64, limit: Int) async throws(JournalError) -> StageChanges

    /// The ids of a deployment's stage changes above `after` up to `through`, ascending.
    func stageChanges(
        of id: DeploymentID,
        after: Int64,
        through: Int64
    ) async throws(JournalError) -> [Int64]
}

extension EventLog {
    /// Commits an event as the driver that created the deployment.
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

/// What must survive a loss of power once a commit returns. A crash of the server alone loses
/// nothing that was committed.
public enum Durability: Sendable, Hashable {
    /// The event is on disk: stage changes and final events.
    case durable
    /// The event may be lost with the power, with all that came after it: progress.
    case grouped
}
