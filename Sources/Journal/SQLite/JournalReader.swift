internal import Deployments

/// The connection that answers questions, so that a replay does not wait for commits.
actor JournalReader {
    private nonisolated let executor = QueueExecutor(label: "journal.reader")
    private var connection: SQLiteConnection?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A reader of the database in that file, which must have been migrated.
    init(database: String) throws(JournalError) {
        let connection = try SQLiteConnection(path: database)
        try connection.execute("PRAGMA query_only = ON", "open the database")
        self.connection = connection
    }

    func close() {
        connection = nil
    }

    func events(
        of id: DeploymentID,
        after: Int64,
        limit: Int,
        maxBytes: Int
    ) throws(JournalError) -> [StoredEvent] {
        var events: [StoredEvent] = []
        var bytes = 0
        try opened().query(
            """
            SELECT id, state, text FROM events
            WHERE deployment = (SELECT number FROM deployments WHERE id = ?)
                AND kind = 'progress' AND id > ?
            ORDER BY id LIMIT ?
            """,
            [.text(id.text), .integer(after), .integer(Int64(max(0, limit)))],
            "read events"
        ) { row in
            guard let event = Self.event(of: id, row) else { return true }
            bytes += event.text.utf8.count
            guard events.isEmpty || bytes <= maxBytes else { return false }
            events.append(event)
            return true
        }
        return events
    }

    func latest(of id: DeploymentID) throws(JournalError) -> StoredEvent? {
        var latest: StoredEvent?
        try opened().query(
            """
            SELECT id, state, text FROM events
            WHERE deployment = (SELECT number FROM deployments WHERE id = ?)
                AND kind = 'progress'
            ORDER BY id DESC
            """,
            [.text(id.text)],
            "read the latest event"
        ) { row in
            latest = Self.event(of: id, row)
            return latest == nil
        }
        return latest
    }

    func record(of id: DeploymentID) throws(JournalError) -> DeploymentRecord? {
        try opened().deployment(id)?.record
    }

    func unfinished() throws(JournalError) -> [DeploymentRecord] {
        try records(
            where: "finished_at IS NULL ORDER BY number",
            "read the unfinished deployments"
        )
    }

    func workloads() throws(JournalError) -> [DeploymentRecord] {
        try records(
            where: "\(Self.hasContainer) ORDER BY number",
            "read the deployments with a container"
        )
    }

    func workloads(named containerName: String) throws(JournalError) -> [DeploymentRecord] {
        try records(
            where: "\(Self.hasContainer) AND container_name = ? ORDER BY number",
            "read who has a container's name",
            [.text(containerName)]
        )
    }

    /// The condition of the index of deployments with a container.
    private static let hasContainer = "workload IS NOT NULL AND workload <> 'removed'"

    private func records(
        where condition: String,
        _ operation: String,
        _ values: [SQLiteValue] = []
    ) throws(JournalError) -> [DeploymentRecord] {
        try rows(where: condition, values, operation).map(\.record)
    }

    /// The deployments that an SQL condition asks for, in the order that it names.
    func rows(
        where condition: String,
        _ values: [SQLiteValue],
        _ operation: String
    ) throws(JournalError) -> [DeploymentRow] {
        var rows: [DeploymentRow] = []
        let connection = try opened()
        try connection.query(
            "SELECT \(DeploymentRow.columns) FROM deployments WHERE \(condition)",
            values,
            operation
        ) { row throws(JournalError) in
            if let row = try DeploymentRow(row: row, connection) { rows.append(row) }
            return true
        }
        return rows
    }

    func lastEventID() throws(JournalError) -> Int64 {
        // Kept by AUTOINCREMENT: it stays where the newest events are deleted.
        let query = "SELECT seq FROM sqlite_sequence WHERE name = 'events'"
        return try opened().integer(query, [], "read the last event's id") ?? 0
    }

    func opened() throws(JournalError) -> SQLiteConnection {
        guard let connection else { throw .closed("read the journal") }
        return connection
    }

    /// The event in a row; nil for one whose stage is not known, which nobody can be told.
    static func event(of id: DeploymentID, _ row: SQLiteStatement) -> StoredEvent? {
        Stage(rawValue: row.text(1)).map { stage in
            StoredEvent(
                id: row.integer(0),
                deploymentID: id,
                kind: .progress(stage),
                text: row.text(2)
            )
        }
    }
}
