internal import Deployments

extension JournalReader {
    func stageChanges(after: Int64, limit: Int) throws(JournalError) -> StageChanges {
        let operation = "read stage changes"
        // The number of events that are looked at is bounded, not that of those that are found.
        let last = try opened().integer(
            "SELECT max(id) FROM (SELECT id FROM events WHERE id > ? ORDER BY id LIMIT ?)",
            [.integer(after), .integer(Int64(max(1, limit)))],
            operation
        )
        let through = max(after, last ?? 0)
        guard through > after else { return StageChanges(changes: [], through: after) }
        var changes: [StageChange] = []
        try opened().query(
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

    func stageChanges(
        of id: DeploymentID,
        after: Int64,
        through: Int64
    ) throws(JournalError) -> [Int64] {
        var ids: [Int64] = []
        try opened().query(
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

    private static let isStageChange = """
        events.kind = 'progress' AND events.state IS NOT (
            SELECT earlier.state FROM events AS earlier
            WHERE earlier.deployment = events.deployment AND earlier.kind = 'progress'
                AND earlier.id < events.id
            ORDER BY earlier.id DESC LIMIT 1
        )
        """

    func event(_ id: Int64) throws(JournalError) -> StoredEvent? {
        var event: StoredEvent?
        try opened().query(
            """
            SELECT events.id, events.state, events.text, deployments.id
            FROM events CROSS JOIN deployments ON deployments.number = events.deployment
            WHERE events.id = ? AND events.kind = 'progress'
            """,
            [.integer(id)],
            "read an event"
        ) { row in
            event = DeploymentID(row.text(3)).flatMap { Self.event(of: $0, row) }
            return false
        }
        return event
    }

    func webhookPlaces() throws(JournalError) -> [String: DeliveryCursor] {
        let operation = "read how far webhooks have come"
        var places: [String: DeliveryCursor] = [:]
        try opened().query("SELECT key, position FROM webhooks", [], operation) { row in
            places[row.text(0)] = DeliveryCursor(position: row.integer(1))
            return true
        }
        try opened().query(
            """
            SELECT webhook, deployments.id, settled, since IS NOT NULL, since
            FROM webhook_delays CROSS JOIN deployments ON deployments.number = deployment
            """,
            [],
            operation
        ) { row in
            guard let id = DeploymentID(row.text(1)) else { return true }
            places[row.text(0)]?.delays[id] = DeliveryCursor.Delay(
                settled: row.integer(2),
                since: row.integer(3) == 0 ? nil : Timestamp(microseconds: row.integer(4))
            )
            return true
        }
        return places
    }
}
