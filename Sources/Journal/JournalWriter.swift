internal import Deployments

/// The one connection that writes.
actor JournalWriter {
    /// Something to commit.
    enum Change {
        case create(NewDeployment, Event)
        case append(Event)
        case workload(WorkloadEvent)

        var deploymentID: DeploymentID {
            switch self {
            case .create(_, let event), .append(let event): event.deploymentID
            case .workload(let event): event.deploymentID
            }
        }
    }

    /// A deployment without a final event, as its row has it.
    private struct Active {
        let number: Int64
        var state: DeploymentState
    }

    nonisolated let executor = QueueExecutor(label: "journal.writer")
    private(set) var connection: SQLiteConnection?
    private var directory: DataDirectory?
    /// What is being deployed, so that no event must read its deployment's row first.
    private var active: [DeploymentID: Active] = [:]
    private var synchronous: Durability = .durable

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Locks the data directory, opens the database in it, and brings it to the newest layout.
    init(directory path: String, now: Timestamp) throws(JournalError) {
        let directory = try DataDirectory(path: path)
        try directory.createDatabase()
        let connection = try SQLiteConnection(path: directory.database)
        let operation = "open the database"
        // Before anything is written, so that a newer version's file stays as it is.
        try Schema.refuseNewer(connection)
        var mode = ""
        try connection.query("PRAGMA journal_mode = WAL", [], operation) { row in
            mode = row.text(0)
            return false
        }
        guard mode == "wal" else {
            throw JournalError(
                code: .other(0),
                operation: operation,
                message: "the file system of \(path) does not allow a write-ahead log"
            )
        }
        try connection.execute("PRAGMA synchronous = FULL", operation)
        try connection.execute("PRAGMA foreign_keys = ON", operation)
        try Schema.migrate(connection, at: now.microseconds)
        self.connection = connection
        self.directory = consume directory
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

    /// Commits the changes in one transaction, and gives for each its event or why it was
    /// refused. Throws where the transaction failed: then nothing has happened.
    func commit(
        _ changes: [Change],
        _ durability: Durability
    ) throws(JournalError) -> [Result<StoredEvent, JournalError>] {
        let operation = "commit events"
        guard let connection else { throw .closed(operation) }
        try rollBack(connection, operation)
        try set(durability, connection)
        try connection.run("BEGIN IMMEDIATE", [], operation)
        var touched: [DeploymentID: Active] = [:]
        do throws(JournalError) {
            var results: [Result<StoredEvent, JournalError>] = []
            for change in changes {
                let id = change.deploymentID
                do throws(JournalError) {
                    var deployment = try find(change, touched[id], connection)
                    let stored = try insert(change, &deployment, connection)
                    touched[id] = deployment
                    results.append(.success(stored))
                } catch {
                    guard error.isRefusal else { throw error }
                    results.append(.failure(error))
                }
            }
            for deployment in touched.values {
                try update(deployment, connection)
            }
            try connection.run("COMMIT", [], operation)
            for (id, deployment) in touched {
                active[id] = deployment.state.isFinal ? nil : deployment
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
        let operation = "write to the database"
        guard let connection else { throw .closed(operation) }
        try rollBack(connection, operation)
        try set(.durable, connection)
        try connection.run(
            "UPDATE probe SET count = count + 1, padding = zeroblob(16384)",
            [],
            operation
        )
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

    /// The deployment that the change belongs to, which `create` makes first.
    private func find(
        _ change: Change,
        _ touched: Active?,
        _ connection: SQLiteConnection
    ) throws(JournalError) -> Active {
        let id = change.deploymentID
        var known = touched ?? active[id]
        if known == nil, let row = try connection.deployment(id) {
            known = Active(number: row.number, state: row.record.state)
        }
        switch (change, known) {
        case (.create(let deployment, _), nil):
            return try insert(deployment, connection)
        case (.create, .some):
            throw .refused(.alreadyExists, "there is a deployment \(id) already")
        case (.workload, let known?) where known.state.workload != nil:
            return known
        case (.workload, _):
            throw .refused(.unknownDeployment, "deployment \(id) has no container")
        case (.append, nil):
            throw .refused(.unknownDeployment, "there is no deployment \(id)")
        case (.append, let known?):
            guard !known.state.isFinal else {
                throw .refused(.alreadyFinal, "deployment \(id) has had its final event")
            }
            return known
        }
    }

    private func insert(
        _ deployment: NewDeployment,
        _ connection: SQLiteConnection
    ) throws(JournalError) -> Active {
        let state = DeploymentState(createdAt: deployment.createdAt, copy: deployment.copy)
        try connection.run(
            """
            INSERT INTO deployments (id, tenant, app, environment, container_name, image, copy,
                request, created_at, status, stage, progress, updated_at, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(deployment.id.text), .text(deployment.tenant), .text(deployment.app),
                .text(deployment.environment), .text(deployment.containerName),
                .text(deployment.image), .text(deployment.copy.rawValue),
                .text(deployment.request.text), .integer(deployment.createdAt.microseconds),
                .text(state.status.rawValue), .text(state.stage.rawValue),
                .integer(Int64(state.progress)), .integer(state.updatedAt.microseconds),
                .text(""),
            ],
            "insert a deployment"
        )
        return Active(number: connection.lastInsertedRow, state: state)
    }

    /// Inserts the change's event, and folds it into the deployment.
    private func insert(
        _ change: Change,
        _ deployment: inout Active,
        _ connection: SQLiteConnection
    ) throws(JournalError) -> StoredEvent {
        switch change {
        case .create(_, let event), .append(let event):
            let stored = try insert(
                .progress(event.stage),
                of: event.deploymentID,
                event.json.text,
                deployment.number,
                connection
            )
            deployment.state.apply(event, id: stored.id)
            return stored
        case .workload(let event):
            let workload = deployment.state.workload?.after(event)
            let stored = try insert(
                .workload(event.state),
                of: event.deploymentID,
                workload.map { event.json($0).text } ?? "",
                deployment.number,
                connection
            )
            deployment.state.apply(event, id: stored.id)
            return stored
        }
    }

    private func insert(
        _ kind: StoredEvent.Kind,
        of id: DeploymentID,
        _ text: String,
        _ deployment: Int64,
        _ connection: SQLiteConnection
    ) throws(JournalError) -> StoredEvent {
        try connection.run(
            "INSERT INTO events (deployment, kind, state, text) VALUES (?, ?, ?, ?)",
            [.integer(deployment), .text(kind.name), .text(kind.state), .text(text)],
            "insert an event"
        )
        return StoredEvent(
            id: connection.lastInsertedRow,
            deploymentID: id,
            kind: kind,
            text: text
        )
    }

    private func update(
        _ deployment: Active,
        _ connection: SQLiteConnection
    ) throws(JournalError) {
        let state = deployment.state
        try connection.run(
            """
            UPDATE deployments SET status = ?, stage = ?, progress = ?, updated_at = ?,
                finished_at = ?, state = ?, workload = ?
            WHERE number = ?
            """,
            [
                .text(state.status.rawValue), .text(state.stage.rawValue),
                .integer(Int64(state.progress)), .integer(state.updatedAt.microseconds),
                .optional(state.finishedAt?.microseconds), .text(state.json.text),
                .optional(state.workload?.state.rawValue), .integer(deployment.number),
            ],
            "update a deployment"
        )
    }
}

extension StoredEvent.Kind {
    /// What the column `kind` holds.
    fileprivate var name: String {
        switch self {
        case .progress: "progress"
        case .workload: "workload"
        case .deleted: "deleted"
        }
    }

    /// What the column `state` holds.
    fileprivate var state: String {
        switch self {
        case .progress(let stage): stage.rawValue
        case .workload(let state): state.rawValue
        case .deleted: ""
        }
    }
}
