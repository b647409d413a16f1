public import Deployments
public import Journal

/// Reads views of many deployments.
extension SQLiteJournal {
    /// A page of the deployments that match the query.
    public func history(_ query: HistoryQuery) async throws(JournalError) -> HistoryPage {
        let (scope, scopeValues) = query.accessScope.condition
        var conditions = [scope, "number < ?"]
        let index: String
        if query.status == .queued || query.status == .inProgress {
            index = "deployments_unfinished"
            conditions.append("finished_at IS NULL")
        } else {
            // The few deployments of an app are sorted; all others are read in their order. Either
            // way, the index alone gives the rows to read.
            index = query.app == nil ? "deployments_newest" : "deployments_of_app"
        }
        var values = scopeValues + [.integer(query.cursor?.number ?? .max)]
        for (column, value) in [
            ("app", query.app), ("environment", query.environment),
            ("status", query.status?.rawValue),
        ] {
            guard let value else { continue }
            conditions.append("\(column) = ?")
            values.append(.text(value))
        }
        let limit = max(1, query.limit)
        // One more row shows whether there is another page.
        values.append(.integer(Int64(limit) + 1))
        let condition = """
            number IN (
                SELECT number FROM deployments INDEXED BY \(index)
                WHERE \(conditions.joined(separator: " AND "))
                ORDER BY number DESC LIMIT ?
            )
            ORDER BY number DESC
            """
        var found = try await reader.read { [values] connection throws(JournalError) in
            try connection.deployments(where: condition, values, "read the history")
        }
        let hasMore = found.count > limit
        if hasMore { found.removeLast() }
        return HistoryPage(
            deployments: found,
            next: hasMore ? found.last.map { HistoryCursor(number: $0.number) } : nil
        )
    }

    /// The summaries of all apps in all environments.
    public func apps(within accessScope: AccessScope) async throws(JournalError) -> [AppSummary] {
        let operation = "read the apps"
        let (condition, values) = accessScope.condition
        // The queries must see the same moment, so that nothing is deployed or forgotten between
        // them.
        return try await reader.readAtOnce(operation) { connection throws(JournalError) in
            struct Found {
                let app: String
                let environment: String
                var latest: Int64 = 0
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
            func record(_ number: Int64?) throws(JournalError) -> DeploymentRecord? {
                guard let number else { return nil }
                return try connection.deployments(
                    where: "number = ?",
                    [.integer(number)],
                    operation
                ).first
            }
            var summaries: [AppSummary] = []
            for entry in found {
                guard let latest = try record(entry.latest) else { continue }
                let number = live[[entry.app, entry.environment]]
                summaries.append(
                    AppSummary(
                        app: entry.app,
                        environment: entry.environment,
                        latest: latest,
                        live: number == entry.latest ? latest : try record(number),
                        counts: entry.counts
                    )
                )
            }
            return summaries
        }
    }

    /// The beginning of a view.
    public func overview(of scope: DeploymentFilter, limit: Int) async throws(JournalError)
        -> JournalSnapshot
    {
        let operation = "read an overview"
        let (condition, values) = scope.condition
        return try await reader.readAtOnce(operation) { connection throws(JournalError) in
            let deployments = try connection.deployments(
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
            )
            let known = Set(deployments.map(\.deployment.id))
            let newest = """
                number IN (
                    SELECT max(number) FROM deployments WHERE \(condition)
                    GROUP BY app, environment
                )
                ORDER BY app, environment
                """
            return JournalSnapshot(
                lastEventID: try connection.lastEventID(),
                deployments: deployments,
                unknownIDs: (scope.ids ?? []).subtracting(known).sorted { $0.text < $1.text },
                latest: try connection.summaries(where: newest, values, operation),
                active: try connection.summaries(
                    where: "\(condition) AND finished_at IS NULL",
                    values,
                    operation
                )
                    + connection.summaries(
                        where: "\(condition) AND \(Self.workloadLives)",
                        values,
                        operation
                    )
            )
        }
    }

    /// Forgets the deployments that need not be kept.
    public func prune(
        _ retention: Retention,
        at moment: Timestamp
    ) async throws(JournalError) -> Int {
        // This uses a connection of its own, because reading the whole history must not delay other
        // readers.
        let reader = try JournalReader(database: await writer.database)
        let expired = moment.microseconds - IdempotencyKey.lifetime
        try await writer.forgetKeys(before: Timestamp(microseconds: expired))
        var count = 0
        while !Task.isCancelled {
            let ids = try await reader.read { connection throws(JournalError) in
                try connection.prunable(retention, at: moment, limit: Self.pruneLimit)
            }
            let before = count
            for id in ids where !Task.isCancelled {
                do throws(JournalError) {
                    // One deployment is deleted at a time, so that other changes come in between.
                    _ = try await group.submit(.delete(id, moment, "No longer kept"), .grouped)
                    count += 1
                } catch {
                    // Its container may have been started again meanwhile.
                    guard error.isRefusal else { throw error }
                }
            }
            // If some deletions were refused, the next call tries them again.
            if ids.count < Self.pruneLimit || count == before { break }
        }
        return count
    }

    /// The number of deployments that `prune` reads at once.
    private static let pruneLimit = 10_000

    /// The condition of the index of live workloads.
    fileprivate static let workloadLives = {
        let states = WorkloadState.allCases.filter(\.isLive).map { "'\($0.rawValue)'" }
        return "workload IN (\(states.joined(separator: ", ")))"
    }()
}

extension AccessScope {
    /// An SQL condition that selects what is within the scope.
    fileprivate var condition: (String, [SQLiteValue]) {
        guard let apps else { return ("tenant = ?", [.text(tenant)]) }
        return (
            "tenant = ? AND app IN (SELECT value FROM json_each(?))",
            [.text(tenant), .text(JSONValue.strings(apps.sorted()).text)]
        )
    }
}

extension DeploymentFilter {
    /// An SQL condition that selects what the filter contains.
    fileprivate var condition: (String, [SQLiteValue]) {
        let (scope, scopeValues) = accessScope.condition
        var conditions = [scope]
        var values = scopeValues
        for (column, value) in [("app", app), ("environment", environment)] {
            guard let value else { continue }
            conditions.append("\(column) = ?")
            values.append(.text(value))
        }
        if let ids {
            conditions.append("id IN (SELECT value FROM json_each(?))")
            values.append(.text(JSONValue.strings(ids.map(\.text)).text))
        }
        return (conditions.joined(separator: " AND "), values)
    }
}

extension SQLiteConnection {
    fileprivate func summaries(
        where condition: String,
        _ values: [SQLiteValue],
        _ operation: String
    ) throws(JournalError) -> [JournalSnapshot.DeploymentSummary] {
        var summaries: [JournalSnapshot.DeploymentSummary] = []
        try query(
            """
            SELECT number, id, app, environment, status, stage, workload,
                coalesce(finished_at, created_at),
                image_digest, finished_at IS NULL
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
            summaries.append(
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
        return summaries
    }

    /// The ended deployments that need not be kept and may be forgotten, up to `limit` of them.
    fileprivate func prunable(
        _ retention: Retention,
        at moment: Timestamp,
        limit: Int
    ) throws(JournalError) -> [DeploymentID] {
        let operation = "look for deployments to forget"
        let isFinal = "status NOT IN ('queued', 'in_progress')"
        var groups: [[SQLiteValue]] = []
        try query(
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
            try query(
                """
                SELECT id FROM deployments
                WHERE (workload IS NULL OR NOT \(SQLiteJournal.workloadLives)) AND \(condition) LIMIT ?
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
}
