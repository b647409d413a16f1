internal import Deployments

extension JournalReader {
    func history(_ query: HistoryQuery) throws(JournalError) -> HistoryPage {
        let (accessScope, reachValues) = Self.condition(of: query.accessScope)
        var conditions = [accessScope, "number < ?"]
        let index: String
        if query.status == .queued || query.status == .inProgress {
            index = "deployments_unfinished"
            conditions.append("finished_at IS NULL")
        } else {
            // An app has few deployments, which are sorted; all others are met in their order.
            // Either way the index alone tells which rows to read.
            index = query.app == nil ? "deployments_newest" : "deployments_of_app"
        }
        var values = reachValues + [.integer(query.cursor?.number ?? .max)]
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
        var found = try texts(
            .record,
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
        let hasMore = found.count > limit
        if hasMore { found.removeLast() }
        return HistoryPage(
            deployments: found.map(\.text),
            next: hasMore ? found.last.map { HistoryCursor(number: $0.number) } : nil
        )
    }

    /// The texts of the deployments that an SQL condition asks for, in the order that it names.
    func texts(
        _ form: RecordText.Form,
        where condition: String,
        _ values: [SQLiteValue],
        _ operation: String
    ) throws(JournalError) -> [(number: Int64, text: RecordText)] {
        var texts: [(number: Int64, text: RecordText)] = []
        let connection = try opened()
        try connection.query(
            "SELECT \(RecordText.columns) FROM deployments WHERE \(condition)",
            values,
            operation
        ) { row throws(JournalError) in
            if let text = try RecordText(row: row, form: form, connection) {
                texts.append((row.integer(0), text))
            }
            return true
        }
        return texts
    }

    func apps(within accessScope: AccessScope) throws(JournalError) -> [AppSummary] {
        let operation = "read the apps"
        let (condition, values) = Self.condition(of: accessScope)
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
            WHERE \(condition) GROUP BY app, environment, status
            ORDER BY app, environment
            """,
            values,
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
            WHERE \(condition) AND \(Self.workloadLives) GROUP BY app, environment
            """,
            values,
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

    func overview(of scope: DeploymentFilter, limit: Int) throws(JournalError) -> JournalSnapshot {
        let operation = "read an overview"
        let connection = try opened()
        // The looks belong together.
        try connection.run("BEGIN", [], operation)
        // Nothing was written: whether the end of the transaction fails does not matter.
        defer { try? connection.run("ROLLBACK", [], operation) }
        let (condition, values) = Self.condition(of: scope)
        let rows = try texts(
            .row,
            where: """
                number IN (
                    SELECT number FROM (
                        SELECT number FROM deployments WHERE \(condition)
                        ORDER BY number DESC LIMIT ?
                    )
                    UNION SELECT number FROM deployments
                    WHERE \(condition) AND finished_at IS NULL
                )
                ORDER BY number DESC
                """,
            values + [.integer(scope.ids == nil ? Int64(limit) : -1)] + values,
            operation
        ).map(\.text)
        let known = Set(rows.map(\.id))
        return JournalSnapshot(
            lastEventID: try lastEventID(),
            rows: rows,
            unknownIDs: (scope.ids ?? []).subtracting(known).sorted { $0.text < $1.text },
            latest: try standings(
                """
                number IN (
                    SELECT max(number) FROM deployments WHERE \(condition)
                    GROUP BY app, environment
                )
                ORDER BY app, environment
                """,
                values,
                operation
            ),
            active: try standings("\(condition) AND finished_at IS NULL", values, operation)
                + standings("\(condition) AND \(Self.workloadLives)", values, operation)
        )
    }

    private static func condition(of scope: DeploymentFilter) -> (String, [SQLiteValue]) {
        let (accessScope, reachValues) = condition(of: scope.accessScope)
        var conditions = [accessScope]
        var values = reachValues
        for (column, value) in [("app", scope.app), ("environment", scope.environment)] {
            guard let value else { continue }
            conditions.append("\(column) = ?")
            values.append(.text(value))
        }
        if let ids = scope.ids {
            conditions.append("id IN (SELECT value FROM json_each(?))")
            values.append(.text(JSONValue.strings(ids.map(\.text)).text))
        }
        return (conditions.joined(separator: " AND "), values)
    }

    private static func condition(of accessScope: AccessScope) -> (String, [SQLiteValue]) {
        guard let apps = accessScope.apps else {
            return ("tenant = ?", [.text(accessScope.tenant)])
        }
        return (
            "tenant = ? AND app IN (SELECT value FROM json_each(?))",
            [.text(accessScope.tenant), .text(JSONValue.strings(apps.sorted()).text)]
        )
    }

    func owner(of id: DeploymentID) throws(JournalError) -> DeploymentOwner? {
        var owner: DeploymentOwner?
        try opened().query(
            "SELECT tenant, app FROM deployments WHERE id = ?",
            [.text(id.text)],
            "read whose a deployment is"
        ) { row in
            owner = DeploymentOwner(tenant: row.text(0), app: row.text(1))
            return false
        }
        return owner
    }

    private func standings(
        _ condition: String,
        _ values: [SQLiteValue],
        _ operation: String
    ) throws(JournalError) -> [JournalSnapshot.DeploymentSummary] {
        var standings: [JournalSnapshot.DeploymentSummary] = []
        try opened().query(
            """
            SELECT number, id, app, environment, status, stage, workload,
                coalesce(finished_at, created_at),
                CASE WHEN json_valid(state)
                THEN json_extract(state, '$.result.metadata.image_digest') END,
                finished_at IS NULL
            FROM deployments WHERE \(condition)
            """,
            values,
            operation
        ) { row in
            guard let id = DeploymentID(row.text(1)) else { return true }
            let isFinal = row.integer(9) == 0
            let status =
                DeploymentStatus(rawValue: row.text(4)) ?? (isFinal ? .failed : .inProgress)
            let stage = Stage(rawValue: row.text(5)) ?? (isFinal ? .error : .validating)
            let digest = row.text(8)
            standings.append(
                JournalSnapshot.DeploymentSummary(
                    id: id,
                    number: row.integer(0),
                    key: AppKey(app: row.text(2), environment: row.text(3)),
                    status: status,
                    stage: stage,
                    workload: WorkloadState(rawValue: row.text(6)),
                    time: Timestamp(microseconds: row.integer(7)),
                    imageDigest: digest.isEmpty ? nil : digest
                )
            )
            return true
        }
        return standings
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
    ) throws(JournalError) -> RecordText? {
        guard let number else { return nil }
        return try texts(.record, where: "number = ?", [.integer(number)], operation).first?.text
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
