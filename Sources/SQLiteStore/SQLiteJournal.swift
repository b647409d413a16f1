public import Deployments
public import Journal

/// The journal in a SQLite database, in a data directory that only one server uses.
public final class SQLiteJournal: Journal {
    /// The real path of the data directory, which does not depend on the name by which it was
    /// opened.
    public let directory: String

    let writer: JournalWriter
    let reader: JournalReader
    let group: GroupWriter<JournalWriter>
    private let publisher = CommitPublisher()

    /// Opens the journal in the data directory; both are created if they are missing.
    ///
    /// The directory is locked until `close`. Throws `.inUse` if another server uses it, and
    /// `.newerSchema` if a newer version wrote the database, which is then left unchanged.
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

    /// Commits what waits, then closes the database and unlocks the directory.
    ///
    /// Every later call throws `.closed`.
    public func close() async {
        await group.close()
        publisher.finish()
        await reader.close()
        await writer.close()
    }

    /// The statistics of the commits so far.
    public var statistics: CommitStatistics { group.statistics }

    /// A sequence of everything that is committed from this call on.
    public func commits() -> CommitSequence { publisher.sequence() }

    /// Stores a deployment, its first event and its key.
    public func create(
        _ deployment: NewDeployment,
        first event: Event,
        key: IdempotencyKey?
    ) async throws(JournalError) -> StoredEvent {
        precondition(event.deploymentID == deployment.id, "another deployment's event")
        precondition(key.map { $0.tenant == deployment.tenant } ?? true, "another tenant's key")
        return try await group.submit(.create(deployment, EncodedEvent(event), key), .durable)
    }

    /// Commits an event together with its intent.
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

    /// Takes a deployment over.
    public func adopt(_ id: DeploymentID) async throws(JournalError) -> Adoption {
        try await writer.adopt(id)
    }

    /// Stores an action that the driver is about to take.
    public func intend(_ intent: Intent, by driver: Driver) async throws(JournalError) {
        try await writer.intend(intent, by: driver)
    }

    /// Stores that a deployment is about to create a container.
    public func announce(creation: String, by driver: Driver) async throws(JournalError) {
        try await writer.announce(creation: creation, by: driver)
    }

    /// Stores which container has resulted from a creation.
    public func own(_ container: String, from creation: String) async throws(JournalError) {
        try await writer.own(container, from: creation)
    }

    /// Stores that a deployment has brought an image to the engine.
    public func own(image: String, by driver: Driver) async throws(JournalError) {
        try await writer.own(image: image, by: driver)
    }

    /// Forgets images that are no longer in the engine.
    public func forget(images: [String]) async throws(JournalError) {
        try await writer.forget(images: images)
    }

    /// Stores a webhook's cursor.
    public func keep(
        _ place: DeliveryCursor,
        after former: DeliveryCursor?,
        of key: String
    ) async throws(JournalError) {
        try await writer.keep(place, after: former, of: key)
    }

    /// Forgets the cursors of all webhooks except these.
    public func forgetWebhooks(except keys: [String]) async throws(JournalError) {
        try await writer.forgetWebhooks(except: keys)
    }

    /// Throws the reason if nothing can be committed at the moment.
    public func verifyWritable() async throws(JournalError) {
        try await writer.verifyWritable()
    }
}
