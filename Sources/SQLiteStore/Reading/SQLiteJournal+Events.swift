public import Deployments
public import Journal

/// Reads events.
extension SQLiteJournal {
    /// The progress events of the deployment after a given one.
    public func events(
        of id: DeploymentID,
        after: Int64,
        limit: Int,
        maxBytes: Int
    ) async throws(JournalError) -> [StoredEvent] {
        try await reader.read { connection throws(JournalError) in
            var events: [StoredEvent] = []
            var bytes = 0
            try connection.query(
                """
                SELECT id, state, text FROM events
                WHERE deployment = (SELECT number FROM deployments WHERE id = ?)
                    AND kind = 'progress' AND id > ?
                ORDER BY id LIMIT ?
                """,
                [.text(id.text), .integer(after), .integer(Int64(max(0, limit)))],
                "read events"
            ) { row in
                guard let event = StoredEvent(of: id, row) else { return true }
                bytes += event.text.utf8.count
                guard events.isEmpty || bytes <= maxBytes else { return false }
                events.append(event)
                return true
            }
            return events
        }
    }

    /// The deployment's newest progress event.
    public func latest(of id: DeploymentID) async throws(JournalError) -> StoredEvent? {
        try await reader.read { connection throws(JournalError) in
            var latest: StoredEvent?
            try connection.query(
                """
                SELECT id, state, text FROM events
                WHERE deployment = (SELECT number FROM deployments WHERE id = ?)
                    AND kind = 'progress'
                ORDER BY id DESC
                """,
                [.text(id.text)],
                "read the latest event"
            ) { row in
                latest = StoredEvent(of: id, row)
                return latest == nil
            }
            return latest
        }
    }

    /// The progress event with that id.
    public func event(_ id: Int64) async throws(JournalError) -> StoredEvent? {
        try await reader.read { connection throws(JournalError) in
            var event: StoredEvent?
            try connection.query(
                """
                SELECT events.id, events.state, events.text, deployments.id
                FROM events CROSS JOIN deployments ON deployments.number = events.deployment
                WHERE events.id = ? AND events.kind = 'progress'
                """,
                [.integer(id)],
                "read an event"
            ) { row in
                event = DeploymentID(row.text(3)).flatMap { StoredEvent(of: $0, row) }
                return false
            }
            return event
        }
    }

    /// The greatest event id so far.
    public func lastEventID() async throws(JournalError) -> Int64 {
        try await reader.read { connection throws(JournalError) in
            try connection.lastEventID()
        }
    }

    /// The stage changes among the next events after a given one.
    public func stageChanges(
        after: Int64,
        limit: Int
    ) async throws(JournalError) -> StageChanges {
        try await reader.read { connection throws(JournalError) in
            let operation = "read stage changes"
            // The number of events that are read is limited, not the number of stage changes found.
            let last = try connection.integer(
                "SELECT max(id) FROM (SELECT id FROM events WHERE id > ? ORDER BY id LIMIT ?)",
                [.integer(after), .integer(Int64(max(1, limit)))],
                operation
            )
            let through = max(after, last ?? 0)
            guard through > after else { return StageChanges(changes: [], through: after) }
            var changes: [StageChange] = []
            try connection.query(
                """
                SELECT events.id, deployments.id
                FROM events CROSS JOIN deployments ON deployments.number = events.deployment
                WHERE events.id > ? AND events.id <= ? AND \(Self.isStageChange)
                ORDER BY events.id
                """,
                [.integer(after), .integer(through)],
                operation
            ) { row in
                guard let id = DeploymentID(row.text(1)) else { return true }
                changes.append(StageChange(id: row.integer(0), deploymentID: id))
                return true
            }
            return StageChanges(changes: changes, through: through)
        }
    }

    /// The ids of a deployment's stage changes in a part of the journal.
    public func stageChanges(
        of id: DeploymentID,
        after: Int64,
        through: Int64
    ) async throws(JournalError) -> [Int64] {
        try await reader.read { connection throws(JournalError) in
            var ids: [Int64] = []
            try connection.query(
                """
                SELECT events.id FROM events
                WHERE events.deployment = (SELECT number FROM deployments WHERE id = ?)
                    AND events.id > ? AND events.id <= ? AND \(Self.isStageChange)
                ORDER BY events.id
                """,
                [.text(id.text), .integer(after), .integer(through)],
                "read stage changes"
            ) { row in
                ids.append(row.integer(0))
                return true
            }
            return ids
        }
    }

    private static let isStageChange = """
        events.kind = 'progress' AND events.state IS NOT (
            SELECT earlier.state FROM events AS earlier
            WHERE earlier.deployment = events.deployment AND earlier.kind = 'progress'
                AND earlier.id < events.id
            ORDER BY earlier.id DESC LIMIT 1
        )
        """
}

extension SQLiteConnection {
    func lastEventID() throws(JournalError) -> Int64 {
        // AUTOINCREMENT keeps this number even if the newest events are deleted.
        let query = "SELECT seq FROM sqlite_sequence WHERE name = 'events'"
        return try integer(query, [], "read the last event's id") ?? 0
    }
}

extension StoredEvent {
    /// The event in a row; nil if its stage is unknown, so that it cannot be shown.
    fileprivate init?(of id: DeploymentID, _ row: SQLiteStatement) {
        guard let stage = Stage(rawValue: row.text(1)) else { return nil }
        self.init(
            id: row.integer(0),
            deploymentID: id,
            kind: .progress(stage),
            text: row.text(2)
        )
    }
}
