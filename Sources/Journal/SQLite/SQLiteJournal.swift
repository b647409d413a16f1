public import Deployments
internal import Metrics
internal import Synchronization

/// The journal in a SQLite database, in a data directory that belongs to one server.
///
/// Everything that waits is committed in one transaction, in the order of the calls; the
/// transaction is durable when any of it must be. A caller waits for its own commit, so no more
/// can wait than there are callers.
public final class SQLiteJournal: Journal {
    /// The most changes in one transaction.
    private static let groupLimit = 256

    private struct Waiting {
        let change: JournalWriter.Change
        let durability: Durability
        let done: CheckedContinuation<Result<StoredEvent, JournalError>, Never>
    }

    private struct Inbox {
        var waiting: [Waiting] = []
        /// Whether a call of `drain` is on its way.
        var scheduled = false
        var closed = false
    }

    /// The real path of the data directory: the same by whatever name it was opened.
    public let directory: String

    let writer: JournalWriter
    let reader: JournalReader
    private let inbox = Mutex(Inbox())
    private let publishers = Mutex<[@Sendable ([Commit]) -> Void]>([])
    private let tally = Mutex(CommitStatistics())

    private init(directory: String, writer: JournalWriter, reader: JournalReader) {
        self.directory = directory
        self.writer = writer
        self.reader = reader
    }

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

    /// Finishes what waits, then closes the database and lets go of the directory.
    ///
    /// Every later call throws `.closed`.
    public func close() async {
        inbox.withLock { $0.closed = true }
        // On the writer's queue, which runs the commits that were scheduled before.
        await writer.flush { [self] in drain() }
        await reader.close()
        await writer.close()
    }

    /// Keeps a deployment, its first event and its key, and publishes the event.
    public func create(
        _ deployment: NewDeployment,
        first event: Event,
        key: IdempotencyKey?
    ) async throws(JournalError) -> StoredEvent {
        precondition(event.deploymentID == deployment.id, "another deployment's event")
        precondition(key.map { $0.tenant == deployment.tenant } ?? true, "another tenant's key")
        return try await submit(.create(deployment, .init(event), key), .durable)
    }

    /// Commits an event and publishes it.
    public func append(
        _ event: Event,
        durability: Durability
    ) async throws(JournalError) -> StoredEvent {
        try await submit(.append(.init(event)), durability)
    }

    /// Commits a change of a deployment's container and publishes it.
    public func append(_ event: WorkloadEvent) async throws(JournalError) -> StoredEvent {
        try await submit(.workload(event), .durable)
    }

    /// The deployment's events above `after`.
    public func events(
        of id: DeploymentID,
        after: Int64,
        limit: Int,
        maxBytes: Int
    ) async throws(JournalError) -> [StoredEvent] {
        try await reader.events(of: id, after: after, limit: limit, maxBytes: maxBytes)
    }

    /// The deployment's newest event.
    public func latest(of id: DeploymentID) async throws(JournalError) -> StoredEvent? {
        try await reader.latest(of: id)
    }

    /// The deployment and how it stands.
    public func record(of id: DeploymentID) async throws(JournalError) -> DeploymentRecord? {
        try await reader.record(of: id)
    }

    /// The deployments without a final event.
    public func unfinished() async throws(JournalError) -> [DeploymentRecord] {
        try await reader.unfinished()
    }

    /// The deployments whose container is still in the engine.
    public func workloads() async throws(JournalError) -> [DeploymentRecord] {
        try await reader.workloads()
    }

    /// Those of these workloads whose container has that name.
    public func workloads(
        named containerName: String
    ) async throws(JournalError) -> [DeploymentRecord] {
        try await reader.workloads(named: containerName)
    }

    /// The greatest event id so far.
    public func lastEventID() async throws(JournalError) -> Int64 {
        try await reader.lastEventID()
    }

    /// Whether something can be committed right now.
    public func verifyWritable() async throws(JournalError) {
        try await writer.verifyWritable()
    }

    /// Calls `publish` with everything that is committed from now on.
    public func publish(to publish: @escaping @Sendable ([Commit]) -> Void) {
        publishers.withLock { $0.append(publish) }
    }

    /// How the commits have gone so far.
    public var commits: CommitStatistics { tally.withLock { $0 } }

    func submit(
        _ change: JournalWriter.Change,
        _ durability: Durability
    ) async throws(JournalError) -> StoredEvent {
        let result = await withCheckedContinuation { done in
            let waiting = Waiting(change: change, durability: durability, done: done)
            let (closed, schedule) = inbox.withLock { inbox in
                guard !inbox.closed else { return (true, false) }
                inbox.waiting.append(waiting)
                defer { inbox.scheduled = true }
                return (false, !inbox.scheduled)
            }
            if closed { done.resume(returning: .failure(.closed("commit events"))) }
            if schedule { writer.executor.async { [self] in drain() } }
        }
        return try result.get()
    }

    /// Commits what waits, until nothing does. On the writer's queue.
    private func drain() {
        while true {
            let group = inbox.withLock { inbox in
                let group = Array(inbox.waiting.prefix(Self.groupLimit))
                inbox.waiting.removeFirst(group.count)
                inbox.scheduled = !group.isEmpty
                return group
            }
            guard !group.isEmpty else { return }
            commit(group)
        }
    }

    private func commit(_ group: [Waiting]) {
        let durable = group.contains { $0.durability == .durable }
        let begun = ContinuousClock.now
        let outcome = writer.assumeIsolated { writer in
            Result { () throws(JournalError) in
                try writer.commit(group.map(\.change), durable ? .durable : .grouped)
            }
        }
        let time = ContinuousClock.now - begun
        switch outcome {
        case .success(let results):
            let committed = results.compactMap { try? $0.get() }
            if !committed.isEmpty {
                tally.withLock { $0.times.observe(time) }
                for publish in publishers.withLock({ $0 }) { publish(committed) }
            }
            for (waiting, result) in zip(group, results) {
                waiting.done.resume(returning: result.map(\.event))
            }
        case .failure(let error) where group.count == 1:
            tally.withLock { $0.failures += 1 }
            group[0].done.resume(returning: .failure(error))
        case .failure:
            tally.withLock { $0.failures += 1 }
            // It may be one change's doing: each stands for itself.
            for waiting in group { commit([waiting]) }
        }
    }
}
