public import Deployments

/// The log of everything that happens to deployments, from which all views are made.
///
/// An event is committed, then published: whoever follows live and whoever reads later see the
/// same events under the same numbers. Calls may come from any task; none blocks its thread.
public protocol Journal: Sendable {
    /// Keeps a deployment, its first event and the key it was asked for with, all or nothing, and
    /// publishes the event.
    ///
    /// Durable when it returns. Throws `.alreadyExists` for an id that is taken, and `.keyTaken`
    /// where the key stands for another deployment.
    func create(
        _ deployment: NewDeployment,
        first event: Event,
        key: IdempotencyKey?
    ) async throws(JournalError) -> StoredEvent

    /// Commits an event and publishes it; returns after that.
    ///
    /// Throws `.unknownDeployment`, and `.alreadyFinal` after a final event.
    func append(
        _ event: Event,
        durability: Durability
    ) async throws(JournalError) -> StoredEvent

    /// Commits a change of a deployment's container and publishes it; durable when it returns.
    ///
    /// Only a deployment's newest changes are kept, at least 200 of them.
    /// Throws `.unknownDeployment`, also for a deployment that has no container.
    func append(_ event: WorkloadEvent) async throws(JournalError) -> StoredEvent

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

    /// The deployment and how it stands; nil for an unknown one.
    func record(of id: DeploymentID) async throws(JournalError) -> DeploymentRecord?

    /// The deployments without a final event, in the order in which they were created.
    func unfinished() async throws(JournalError) -> [DeploymentRecord]

    /// The deployments whose container is, as far as is known, still in the engine, in the order
    /// in which they were created.
    func workloads() async throws(JournalError) -> [DeploymentRecord]

    /// Those of these workloads whose container has, or will have, that name.
    func workloads(named containerName: String) async throws(JournalError) -> [DeploymentRecord]

    /// The deployment that the key stands for at that moment, whatever the key's fingerprint; nil
    /// where it stands for none.
    func deployment(
        for key: IdempotencyKey,
        at moment: Timestamp
    ) async throws(JournalError) -> KeyedDeployment?

    /// A page of the deployments that the query asks for.
    func history(_ query: HistoryQuery) async throws(JournalError) -> HistoryPage

    /// What there is of each app in each environment, in the order of their names.
    func apps(within accessScope: AccessScope) async throws(JournalError) -> [AppSummary]

    /// Whose deployment it is, and of which app; nil for an unknown one.
    func owner(of id: DeploymentID) async throws(JournalError) -> DeploymentOwner?

    /// Keeps that a deployment is about to have a container created, which will carry the token.
    /// Durable when it returns: what is created after that is known, whatever happens.
    func announce(creation: String, of id: DeploymentID) async throws(JournalError)

    /// Keeps which container has come of a creation.
    func own(_ container: String, from creation: String) async throws(JournalError)

    /// Whose the container is; nil if it is nobody's here, whatever its labels say.
    func owner(of claim: ContainerClaim) async throws(JournalError) -> ContainerOwner?

    /// What a view begins with: the newest `limit` deployments of the scope and those that have not
    /// ended, or all of them where it names ids; its apps; and what is active.
    func overview(of scope: DeploymentFilter, limit: Int) async throws(JournalError)
        -> JournalSnapshot

    /// Forgets a deployment and its events. Publishes, and gives, an event that says so.
    ///
    /// Throws `.unknownDeployment`, `.notFinal` before its final event, and `.workloadLives`.
    func delete(
        _ id: DeploymentID,
        at moment: Timestamp
    ) async throws(JournalError) -> StoredEvent

    /// Forgets what is not to be kept, one deployment at a time, each as `delete` does; gives how
    /// many. Ends early where its task is cancelled.
    func prune(_ retention: Retention, at moment: Timestamp) async throws(JournalError) -> Int

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

    /// The progress event of that id; nil if there is none, or none any more.
    func event(_ id: Int64) async throws(JournalError) -> StoredEvent?

    /// How far the sending to each webhook has come, by the webhook's key.
    func webhookPlaces() async throws(JournalError) -> [String: DeliveryCursor]

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

    /// Whether something can be committed right now; throws why not.
    func verifyWritable() async throws(JournalError)

    /// Calls `publish` with everything that is committed from now on.
    ///
    /// The calls come one at a time, in the order of ids, before the `append` or `create` that
    /// they belong to returns. They come on the journal's own thread and hold it up, so
    /// `publish` must be brief and must not wait for the journal.
    func publish(to publish: @escaping @Sendable ([Commit]) -> Void)
}

/// What must survive a loss of power once a commit returns. A crash of the server alone loses
/// nothing that was committed.
public enum Durability: Sendable, Hashable {
    /// The event is on disk: stage changes and final events.
    case durable
    /// The event may be lost with the power, with all that came after it: progress.
    case grouped
}
