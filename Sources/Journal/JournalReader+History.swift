internal import Deployments

extension JournalReader {
    func history(_ query: HistoryQuery) throws(JournalError) -> HistoryPage {
        var conditions = ["tenant = ?", "number < ?"]
        let index: String
        if query.status == .queued || query.status == .inProgress {
            index = "deployments_unfinished"
            conditions.append("finished_at IS NULL")
        } else {
            // An app has few deployments, which are sorted; all others are met in their order.
            // Either way the index alone tells which rows to read.
            index = query.app == nil ? "deployments_newest" : "deployments_of_app"
        }
        var values: [SQLiteValue] = [.text(query.tenant), .integer(query.cursor?.number ?? .max)]
        for (column, value) in [
            ("app", query.app), ("environment", query.environment),
            ("status", query.status?.rawValue),
        ] {
            guard let value else { continue }
            conditions.append("\(column) = ?")
            values.append(.text(value))
        }
        let limit = max(1, query.limit)
        // One more, to see whether there is another page.
        values.append(.integer(Int64(limit) + 1))
        var rows = try rows(
            where: """
                number IN (
                    SELECT number FROM deployments INDEXED BY \(index)
                    WHERE \(conditions.joined(separator: " AND "))
                    ORDER BY number DESC LIMIT ?
                )
                ORDER BY number DESC
                """,
            values,
            "read the history"
        )
        let hasMore = rows.count > limit
        if hasMore { rows.removeLast() }
        return HistoryPage(
            deployments: rows.map(\.record),
            next: hasMore ? rows.last.map { HistoryCursor(number: $0.number) } : nil
        )
    }

    func apps(tenant: String) throws(JournalError) -> [AppSummary] {
        let operation = "read the apps"
        let connection = try opened()
        // The looks belong together: nothing may be deployed or forgotten between them.
        try connection.run("BEGIN", [], operation)
        // Nothing was written: whether the end of the transaction fails does not matter.
        defer { try? connection.run("ROLLBACK", [], operation) }
        struct Found {
            let app: String
            let environment: String
            var latest: Int64 = 0
            var live: Int64?
            var counts: [DeploymentStatus: Int] = [:]
        }
        var found: [Found] = []
        try connection.query(
            """
            SELECT app, environment, status, count(*), max(number) FROM deployments
            WHERE tenant = ? GROUP BY app, environment, status
            """,
            [.text(tenant)],
            operation
        ) { row in
            let (app, environment) = (row.text(0), row.text(1))
            if found.last?.app != app || found.last?.environment != environment {
                found.append(Found(app: app, environment: environment))
            }
            let last = found.count - 1
            found[last].latest = max(found[last].latest, row.integer(4))
            if let status = DeploymentStatus(rawValue: row.text(2)) {
                found[last].counts[status] = Int(row.integer(3))
            }
            return true
        }
        var live: [[String]: Int64] = [:]
        try connection.query(
            """
            SELECT app, environment, max(number) FROM deployments
            WHERE tenant = ? AND \(Self.workloadLives) GROUP BY app, environment
            """,
            [.text(tenant)],
            operation
        ) { row in
            live[[row.text(0), row.text(1)]] = row.integer(2)
            return true
        }
        var summaries: [AppSummary] = []
        for entry in found {
            guard let latest = try record(entry.latest, operation) else { continue }
            let number = live[[entry.app, entry.environment]]
            summaries.append(
                AppSummary(
                    app: entry.app,
                    environment: entry.environment,
                    latest: latest,
                    live: number == entry.latest ? latest : try record(number, operation),
                    counts: entry.counts
                )
            )
        }
        return summaries
    }

    func deployment(
        for key: IdempotencyKey,
        at moment: Timestamp
    ) throws(JournalError) -> KeyedDeployment? {
        try opened().deployment(for: key, at: moment)
    }

    /// The final deployments that are not to be kept and may be forgotten, up to `limit` of them.
    func prunable(
        _ retention: Retention,
        at moment: Timestamp,
        limit: Int
    ) throws(JournalError) -> [DeploymentID] {
        let operation = "look for deployments to forget"
        let connection = try opened()
        let isFinal = "status NOT IN ('queued', 'in_progress')"
        var groups: [[SQLiteValue]] = []
        try connection.query(
            """
            SELECT tenant, app, environment FROM deployments WHERE \(isFinal)
            GROUP BY tenant, app, environment HAVING count(*) > ?
            """,
            [.integer(Int64(retention.count))],
            operation
        ) { row in
            groups.append([.text(row.text(0)), .text(row.text(1)), .text(row.text(2))])
            return true
        }
        var ids: [DeploymentID] = []
        func collect(_ condition: String, _ values: [SQLiteValue]) throws(JournalError) {
            try connection.query(
                """
                SELECT id FROM deployments
                WHERE (workload IS NULL OR NOT \(Self.workloadLives)) AND \(condition) LIMIT ?
                """,
                values + [.integer(Int64(limit - ids.count))],
                operation
            ) { row in
                if let id = DeploymentID(row.text(0)) { ids.append(id) }
                return true
            }
        }
        try collect("finished_at < ?", [.integer(retention.cutoff(moment).microseconds)])
        for group in groups where ids.count < limit {
            let surplus = """
                number IN (
                    SELECT number FROM deployments INDEXED BY deployments_of_app
                    WHERE tenant = ? AND app = ? AND environment = ? AND \(isFinal)
                    ORDER BY number DESC LIMIT -1 OFFSET ?
                )
                """
            try collect(surplus, group + [.integer(Int64(retention.count))])
        }
        return ids
    }

    /// The condition of the index of live workloads.
    private static let workloadLives = {
        let states = WorkloadState.allCases.filter(\.isLive).map { "'\($0.rawValue)'" }
        return "workload IN (\(states.joined(separator: ", ")))"
    }()

    private func record(
        _ number: Int64?,
        _ operation: String
    ) throws(JournalError) -> DeploymentRecord? {
        guard let number else { return nil }
        return try rows(where: "number = ?", [.integer(number)], operation).first?.record
    }
}

extension SQLiteConnection {
    /// The deployment that the key stands for at that moment.
    func deployment(
        for key: IdempotencyKey,
        at moment: Timestamp
    ) throws(JournalError) -> KeyedDeployment? {
        var found: KeyedDeployment?
        try query(
            """
            SELECT deployments.id, fingerprint
            FROM idempotency_keys JOIN deployments ON number = deployment
            WHERE idempotency_keys.tenant = ? AND key = ? AND idempotency_keys.created_at > ?
            """,
            [
                .text(key.tenant), .text(key.text),
                .integer(moment.microseconds - IdempotencyKey.lifetime),
            ],
            "read an idempotency key"
        ) { row in
            found = DeploymentID(row.text(0)).map {
                KeyedDeployment(id: $0, fingerprint: row.text(1))
            }
            return false
        }
        return found
    }
}
