internal import Deployments
internal import Journal

/// The only connection that writes.
actor JournalWriter: StoreWriter {
    nonisolated let executor = QueueExecutor(label: "journal.writer")
    private(set) var connection: SQLiteConnection?
    private var directory: DataDirectory?
    private var reserve: DiskReserve
    /// The unfinished deployments, so that an event does not first have to read its deployment's
    /// row.
    private var active: [DeploymentID: DrivenDeployment] = [:]
    /// The epochs of deployments that were adopted since the start. The row gets its epoch with the
    /// next commit for the deployment; until then nobody else can know of it.
    private var epochs: [DeploymentID: Int64] = [:]
    private var synchronous: Durability = .durable

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Locks the data directory, opens the database in it, and migrates it to the newest layout.
    init(directory path: String, now: Timestamp) throws(JournalError) {
        let directory = try DataDirectory(path: path)
        var reserve = DiskReserve(path: directory.reserve)
        do throws(JournalError) {
            connection = try Self.open(directory, at: now)
        } catch {
            // Even reading takes a little room, and unfinished deployments must be able to end.
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
        // This comes before anything is written, so that a damaged or newer database is left
        // unchanged.
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

    /// Closes the database, which writes its log back, and unlocks the directory.
    func close() {
        connection = nil
        directory = nil
        active = [:]
    }

    /// The database's file.
    var database: String { directory?.database ?? "" }

    /// The data directory's real path.
    var path: String { directory?.path ?? "" }

    /// Commits the changes in one transaction and returns, for each, its commit or the reason why
    /// it was refused. Throws if the transaction failed; then nothing has changed.
    ///
    /// If there is no room on the disk, changes that end deployments use up the reserve. Nothing
    /// else is committed until there is room for another reserve.
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
        // The value is nil for forgotten deployments.
        var touched: [DeploymentID: DrivenDeployment?] = [:]
        do throws(JournalError) {
            var results: [Result<Commit, JournalError>] = []
            for change in changes {
                let id = change.deploymentID
                do throws(JournalError) {
                    var known = touched[id] ?? nil
                    if touched[id] == nil { known = try find(id) }
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
                if active[id] == nil { epochs[id] = nil }
            }
            return results
        } catch {
            // The next use reads the state from the rows.
            for id in touched.keys { active[id] = nil }
            // If this fails, too, the next commit begins with it.
            try? rollBack(connection, operation)
            throw error
        }
    }

    /// Commits a change without meaning that is as large as the end of a deployment may be.
    func verifyWritable() throws(JournalError) {
        try run(
            "UPDATE probe SET count = count + 1, padding = zeroblob(16384)",
            [],
            .durable,
            "write to the database"
        )
    }

    /// Runs one statement in a transaction of its own.
    func run(
        _ statement: String,
        _ values: [SQLiteValue],
        _ durability: Durability,
        _ operation: String
    ) throws(JournalError) {
        try inTransaction(durability, operation) { connection throws(JournalError) in
            try connection.run(statement, values, operation)
        }
    }

    /// The deployment in its present state; throws if there is none.
    func driven(_ id: DeploymentID, _ operation: String) throws(JournalError) -> DrivenDeployment {
        guard connection != nil else { throw .closed(operation) }
        guard let found = try find(id) else {
            throw .refused(.unknownDeployment, "there is no deployment \(id)")
        }
        return found
    }

    private func find(_ id: DeploymentID) throws(JournalError) -> DrivenDeployment? {
        if let known = active[id] { return known }
        var found = try connection?.deployment(id)
        if let epoch = epochs[id] {
            found?.epoch = epoch
            found?.rowIsBehind = true
        }
        return found
    }

    /// Raises the epoch of the deployment.
    func adopt(_ id: DeploymentID) throws(JournalError) -> Adoption {
        var driven = try driven(id, "take a deployment over")
        guard !driven.state.isFinal else {
            throw .refused(.alreadyFinal, "deployment \(id) has had its final event")
        }
        driven.epoch += 1
        driven.rowIsBehind = true
        epochs[id] = driven.epoch
        active[id] = driven
        return Adoption(driver: Driver(of: id, epoch: driven.epoch), intents: driven.intents)
    }

    /// Writes the epoch and the intents of a deployment, in a transaction of its own.
    func keep(_ driven: DrivenDeployment, _ operation: String) throws(JournalError) {
        try run(
            "UPDATE deployments SET epoch = ?, intents = ? WHERE number = ?",
            [
                .integer(driven.epoch), .text(driven.intents.json.text), .integer(driven.number),
            ],
            .durable,
            operation
        )
        active[driven.deployment.id] = driven
    }

    /// Does the work in a transaction of its own. If it throws, nothing has changed.
    func inTransaction(
        _ durability: Durability,
        _ operation: String,
        _ work: (SQLiteConnection) throws(JournalError) -> Void
    ) throws(JournalError) {
        guard let connection else { throw .closed(operation) }
        // The room that was freed for the ends of deployments must not be used for anything else.
        try reserve.make()
        try rollBack(connection, operation)
        try set(durability, connection)
        try connection.run("BEGIN IMMEDIATE", [], operation)
        do throws(JournalError) {
            try work(connection)
            try connection.run("COMMIT", [], operation)
        } catch {
            // If this fails, too, the next commit begins with it.
            try? rollBack(connection, operation)
            throw error
        }
    }

    /// Ends a transaction that failed, unless SQLite has already done so.
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
