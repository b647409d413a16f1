public import Deployments
public import Journal

/// The journal in a SQLite database, in a data directory that belongs to one server.
public final class SQLiteJournal: Journal {
    /// The real path of the data directory: the same by whatever name it was opened.
    public let directory: String

    let writer: JournalWriter
    let reader: JournalReader
    let group: GroupWriter<JournalWriter>
    private let publisher = CommitPublisher()

    /// Opens the journal in the data directory; both are created where they are missing.
    ///
    /// The directory is locked until `close`. Throws `.inUse` where another server has it, and
    /// `.newerSchema` where a newer version wrote the database, which is left as it is.
    public static func open(
        directory: String,
        now: Timestamp = .now()
    ) async throws(JournalError) -> SQLiteJournal {
        let writer = try JournalWriter(directory: directory, now: now)
        let reader = try JournalReader(database: await writer.database)
        return SQLiteJournal(directory: await writer.path, writer: writer, reader: reader)
    }

    private init(directory: String, writer: JournalWriter, reader: JournalReader) {
        self.directory = directory
        self.writer = writer
        self.reader = reader
        group = GroupWriter(writer, publisher: publisher)
    }

    /// Finishes what waits, then closes the database and lets go of the directory.
    ///
    /// Every later call throws `.closed`.
    public func close() async {
        await group.close()
        publisher.finish()
        await reader.close()
        await writer.close()
    }

    /// How the commits have gone so far.
    public var statistics: CommitStatistics { group.statistics }

    /// Everything that is committed from this call on.
    public func commits() -> CommitSequence { publisher.sequence() }

    /// Keeps a deployment, its first event and its key.
    public func create(
        _ deployment: NewDeployment,
        first event: Event,
        key: IdempotencyKey?
    ) async throws(JournalError) -> StoredEvent {
        precondition(event.deploymentID == deployment.id, "another deployment's event")
        precondition(key.map { $0.tenant == deployment.tenant } ?? true, "another tenant's key")
        return try await group.submit(.create(deployment, EncodedEvent(event), key), .durable)
    }

    /// Commits an event and what it tells of.
    public func append(
        _ event: Event,
        intending intent: Intent?,
        by driver: Driver,
        durability: Durability
    ) async throws(JournalError) -> StoredEvent {
        precondition(event.deploymentID == driver.deploymentID, "another deployment's event")
        return try await group.submit(
            .append(EncodedEvent(event), intent, driver),
            intent == nil ? durability : .durable
        )
    }

    /// Commits a change of a deployment's container.
    public func append(_ event: WorkloadEvent) async throws(JournalError) -> StoredEvent {
        try await group.submit(.workload(event), .durable)
    }

    /// Forgets a deployment and its events.
    public func delete(
        _ id: DeploymentID,
        at moment: Timestamp
    ) async throws(JournalError) -> StoredEvent {
        try await group.submit(.delete(id, moment, "Deleted on request"), .durable)
    }

    /// Takes a deployment over from whoever drove it.
    public func adopt(_ id: DeploymentID) async throws(JournalError) -> Adoption {
        try await writer.adopt(id)
    }

    /// Keeps what the driver is about to do.
    public func intend(_ intent: Intent, by driver: Driver) async throws(JournalError) {
        try await writer.intend(intent, by: driver)
    }

    /// Keeps that a deployment is about to have a container created.
    public func announce(creation: String, by driver: Driver) async throws(JournalError) {
        try await writer.announce(creation: creation, by: driver)
    }

    /// Keeps which container has come of a creation.
    public func own(_ container: String, from creation: String) async throws(JournalError) {
        try await writer.own(container, from: creation)
    }

    /// Keeps that a deployment has brought an image to the engine.
    public func own(image: String, by driver: Driver) async throws(JournalError) {
        try await writer.own(image: image, by: driver)
    }

    /// Forgets images that are gone.
    public func forget(images: [String]) async throws(JournalError) {
        try await writer.forget(images: images)
    }

    /// Keeps how far the sending to a webhook has come.
    public func keep(
        _ place: DeliveryCursor,
        after former: DeliveryCursor?,
        of key: String
    ) async throws(JournalError) {
        try await writer.keep(place, after: former, of: key)
    }

    /// Forgets the places of all webhooks but these.
    public func forgetWebhooks(except keys: [String]) async throws(JournalError) {
        try await writer.forgetWebhooks(except: keys)
    }

    /// Whether something can be committed right now.
    public func verifyWritable() async throws(JournalError) {
        try await writer.verifyWritable()
    }
}
