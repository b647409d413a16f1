internal import Deployments

/// The one connection that writes.
actor JournalWriter {
    /// Something to commit.
    enum Change {
        case create(NewDeployment, EncodedEvent, IdempotencyKey?)
        case append(EncodedEvent)
        case workload(WorkloadEvent)
        /// Forgets the deployment; the text says why, for a person.
        case delete(DeploymentID, Timestamp, String)

        var deploymentID: DeploymentID {
            switch self {
            case .create(_, let event, _), .append(let event): event.event.deploymentID
            case .workload(let event): event.deploymentID
            case .delete(let id, _, _): id
            }
        }

        /// Whether it ends a deployment, which must be possible when nothing else is any more.
        var isFinal: Bool {
            if case .append(let encoded) = self { encoded.event.stage.isFinal } else { false }
        }
    }

    /// An event with its JSON, which whoever tells of it has written: there is one writer only.
    struct EncodedEvent {
        let event: Event
        let text: String

        init(_ event: Event) {
            self.event = event
            text = event.json.text
        }
    }

    /// A deployment that a change is about.
    struct Active {
        let number: Int64
        let deployment: NewDeployment
        var state: DeploymentState
        /// Whether its row must be written before the commit.
        var rowIsBehind = false

        var record: DeploymentRecord {
            DeploymentRecord(number: number, deployment: deployment, state: state)
        }
    }

    nonisolated let executor = QueueExecutor(label: "journal.writer")
    private(set) var connection: SQLiteConnection?
    private var directory: DataDirectory?
    private var reserve: DiskReserve
    /// What is being deployed, so that no event must read its deployment's row first.
    private var active: [DeploymentID: Active] = [:]
    private var synchronous: Durability = .durable

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Locks the data directory, opens the database in it, and brings it to the newest layout.
    init(directory path: String, now: Timestamp) throws(JournalError) {
        let directory = try DataDirectory(path: path)
        var reserve = DiskReserve(path: directory.reserve)
        do throws(JournalError) {
            connection = try Self.open(directory, at: now)
        } catch {
            // Even to read takes a little room, and what is unfinished must get its end.
            guard error.code == .diskFull, reserve.giveUp() else { throw error }
            connection = try Self.open(directory, at: now)
        }
        self.reserve = reserve
        self.directory = consume directory
    }

    private static func open(
        _ directory: borrowing DataDirectory,
        at now: Timestamp
    ) throws(JournalError) -> SQLiteConnection {
        let operation = "open the database"
        try directory.createDatabase()
        // Before anything is written, so that what is damaged or too new stays as it is.
        try DatabaseCheck.run(directory.database)
        let connection = try SQLiteConnection(path: directory.database)
        var mode = ""
        try connection.query("PRAGMA journal_mode = WAL", [], operation) { row in
            mode = row.text(0)
            return false
        }
        guard mode == "wal" else {
            throw JournalError(
                code: .other(0),
                operation: operation,
                message: "the file system of \(directory.path) does not allow a write-ahead log"
            )
        }
        try connection.execute("PRAGMA synchronous = FULL", operation)
        try connection.execute("PRAGMA foreign_keys = ON", operation)
        try Schema.migrate(connection, at: now.microseconds)
        return connection
    }

    /// Closes the database, whose log is written back, and lets go of the directory.
    func close() {
        connection = nil
        directory = nil
        active = [:]
    }

    /// Does `work` on the writer's queue.
    func flush(_ work: @Sendable () -> Void) {
        work()
    }

    /// The database's file.
    var database: String { directory?.database ?? "" }

    /// The data directory's real path.
    var path: String { directory?.path ?? "" }

    /// Commits the changes in one transaction, and gives for each what it has done or why it was
    /// refused. Throws if the transaction failed: then nothing has happened.
    ///
    /// Where there is no room, changes that end deployments use up the reserve. Until there is
    /// room for another, nothing else is committed.
    func commit(
        _ changes: [Change],
        _ durability: Durability
    ) throws(JournalError) -> [Result<Commit, JournalError>] {
        let isFinal = changes.allSatisfy(\.isFinal)
        if !isFinal { try reserve.make() }
        do throws(JournalError) {
            return try transact(changes, durability)
        } catch {
            guard isFinal, error.code == .diskFull, reserve.giveUp() else { throw error }
            return try transact(changes, durability)
        }
    }

    private func transact(
        _ changes: [Change],
        _ durability: Durability
    ) throws(JournalError) -> [Result<Commit, JournalError>] {
        let operation = "commit events"
        guard let connection else { throw .closed(operation) }
        try rollBack(connection, operation)
        try set(durability, connection)
        try connection.run("BEGIN IMMEDIATE", [], operation)
        // Nil for those that are forgotten.
        var touched: [DeploymentID: Active?] = [:]
        do throws(JournalError) {
            var results: [Result<Commit, JournalError>] = []
            for change in changes {
                let id = change.deploymentID
                do throws(JournalError) {
                    let known = touched[id] ?? active[id]
                    let (commit, deployment) = try connection.apply(change, known)
                    touched.updateValue(deployment, forKey: id)
                    results.append(.success(commit))
                } catch {
                    guard error.isRefusal else { throw error }
                    results.append(.failure(error))
                }
            }
            for case (let id, var deployment?) in touched where deployment.rowIsBehind {
                try connection.update(deployment)
                deployment.rowIsBehind = false
                touched.updateValue(deployment, forKey: id)
            }
            try connection.run("COMMIT", [], operation)
            for (id, deployment) in touched {
                active[id] = deployment?.state.isFinal == false ? deployment : nil
            }
            return results
        } catch {
            // The rows tell how the deployments stand now.
            for id in touched.keys { active[id] = nil }
            // Where this fails too, the next commit begins with it.
            try? rollBack(connection, operation)
            throw error
        }
    }

    /// Commits a change that means nothing, as large as a deployment's end may be.
    func verifyWritable() throws(JournalError) {
        try reserve.make()
        try write(
            "UPDATE probe SET count = count + 1, padding = zeroblob(16384)",
            [],
            .durable,
            "write to the database"
        )
    }

    /// Forgets keys that are older than `moment`.
    func forgetKeys(before moment: Timestamp) throws(JournalError) {
        try write(
            "DELETE FROM idempotency_keys WHERE created_at < ?",
            [.integer(moment.microseconds)],
            .grouped,
            "forget idempotency keys"
        )
    }

    /// Runs a statement in a transaction of its own.
    private func write(
        _ statement: String,
        _ values: [SQLiteValue],
        _ durability: Durability,
        _ operation: String
    ) throws(JournalError) {
        guard let connection else { throw .closed(operation) }
        try rollBack(connection, operation)
        try set(durability, connection)
        try connection.run(statement, values, operation)
    }

    /// Does the work in a transaction of its own; where it throws, nothing has happened.
    func inTransaction(
        _ durability: Durability,
        _ operation: String,
        _ work: (SQLiteConnection) throws(JournalError) -> Void
    ) throws(JournalError) {
        guard let connection else { throw .closed(operation) }
        // The room that was freed for the ends of deployments is for nothing else.
        try reserve.make()
        try rollBack(connection, operation)
        try set(durability, connection)
        try connection.run("BEGIN IMMEDIATE", [], operation)
        do throws(JournalError) {
            try work(connection)
            try connection.run("COMMIT", [], operation)
        } catch {
            // Where this fails too, the next commit begins with it.
            try? rollBack(connection, operation)
            throw error
        }
    }

    /// Ends a transaction that failed, where SQLite has not done so by itself.
    private func rollBack(
        _ connection: SQLiteConnection,
        _ operation: String
    ) throws(JournalError) {
        guard connection.isInTransaction else { return }
        try connection.run("ROLLBACK", [], operation)
    }

    private func set(
        _ durability: Durability,
        _ connection: SQLiteConnection
    ) throws(JournalError) {
        guard durability != synchronous else { return }
        let level = durability == .durable ? "FULL" : "NORMAL"
        try connection.execute("PRAGMA synchronous = \(level)", "set the durability")
        synchronous = durability
    }
}
