public import Deployments
public import Journal

/// Finds deployments.
extension SQLiteJournal {
    /// The deployment and its state.
    public func record(of id: DeploymentID) async throws(JournalError) -> DeploymentRecord? {
        try await deployments(where: "id = ?", [.text(id.text)], "read a deployment").first
    }

    /// The deployments without a final event.
    public func unfinished() async throws(JournalError) -> [DeploymentRecord] {
        try await deployments(
            where: "finished_at IS NULL ORDER BY number",
            [],
            "read the unfinished deployments"
        )
    }

    /// The deployments whose container is still in the engine.
    public func workloads() async throws(JournalError) -> [DeploymentRecord] {
        try await deployments(
            where: "\(Self.hasContainer) ORDER BY number",
            [],
            "read the deployments with a container"
        )
    }

    /// Those of `workloads()` whose container has that name.
    public func workloads(
        named containerName: String
    ) async throws(JournalError) -> [DeploymentRecord] {
        try await deployments(
            where: "\(Self.hasContainer) AND container_name = ? ORDER BY number",
            [.text(containerName)],
            "read the deployments with a container's name"
        )
    }

    /// The condition of the index of deployments with a container.
    private static let hasContainer = "workload IS NOT NULL AND workload <> 'removed'"

    private func deployments(
        where condition: String,
        _ values: [SQLiteValue],
        _ operation: String
    ) async throws(JournalError) -> [DeploymentRecord] {
        try await reader.read { connection throws(JournalError) in
            try connection.deployments(where: condition, values, operation)
        }
    }

    /// The owner of the deployment.
    public func owner(of id: DeploymentID) async throws(JournalError) -> DeploymentOwner? {
        try await reader.read { connection throws(JournalError) in
            var owner: DeploymentOwner?
            try connection.query(
                "SELECT tenant, app FROM deployments WHERE id = ?",
                [.text(id.text)],
                "read the owner of a deployment"
            ) { row in
                owner = DeploymentOwner(tenant: row.text(0), app: row.text(1))
                return false
            }
            return owner
        }
    }

    /// The deployment that the key stands for.
    public func deployment(
        for key: IdempotencyKey,
        at moment: Timestamp
    ) async throws(JournalError) -> KeyedDeployment? {
        try await reader.read { connection throws(JournalError) in
            try connection.deployment(for: key, at: moment)
        }
    }

    /// The owner of the container.
    public func owner(of claim: ContainerClaim) async throws(JournalError) -> ContainerOwner? {
        try await reader.read { connection throws(JournalError) in
            try connection.owner(of: claim)
        }
    }

    /// The images that a deployment's app does not need any more.
    public func disposableImages(
        of id: DeploymentID,
        using image: String,
        keeping count: Int
    ) async throws(JournalError) -> [String] {
        try await reader.read { connection throws(JournalError) in
            try connection.disposableImages(of: id, using: image, keeping: count)
        }
    }

    /// The cursors of all webhooks.
    public func webhookCursors() async throws(JournalError) -> [String: DeliveryCursor] {
        try await reader.read { connection throws(JournalError) in
            let operation = "read the webhook cursors"
            var cursors: [String: DeliveryCursor] = [:]
            try connection.query("SELECT key, position FROM webhooks", [], operation) { row in
                cursors[row.text(0)] = DeliveryCursor(position: row.integer(1))
                return true
            }
            try connection.query(
                """
                SELECT webhook, deployments.id, settled, since IS NOT NULL, since
                FROM webhook_delays CROSS JOIN deployments ON deployments.number = deployment
                """,
                [],
                operation
            ) { row in
                guard let id = DeploymentID(row.text(1)) else { return true }
                cursors[row.text(0)]?.lags[id] = DeliveryCursor.Lag(
                    settled: row.integer(2),
                    since: row.integer(3) == 0 ? nil : Timestamp(microseconds: row.integer(4))
                )
                return true
            }
            return cursors
        }
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
                .integer(key.oldest(at: moment)),
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

    /// The owner of the container; nil if it belongs to nobody.
    func owner(of claim: ContainerClaim) throws(JournalError) -> ContainerOwner? {
        var found: ContainerOwner?
        // The container is found by its id, of which old rows hold only the beginning. Otherwise it
        // is found by its creation, if that has no container yet and the container has one of the
        // names that are possible.
        try query(
            """
            SELECT deployment, tenant, app FROM containers
            WHERE container IN (?1, substr(?1, 1, 12))
            UNION ALL
            SELECT deployment, tenant, app FROM containers
            WHERE creation = ?2 AND container IS NULL
                AND ?3 IN (name, name || '.' || substr(deployment, 1, 8),
                    name || '.release-' || substr(deployment, 1, 8))
            LIMIT 1
            """,
            [.text(claim.id), .text(claim.creation ?? ""), .text(claim.name)],
            "read the owner of a container"
        ) { row throws(JournalError) in
            guard let id = DeploymentID(row.text(0)) else { return false }
            found = ContainerOwner(deployment: id, tenant: row.text(1), app: row.text(2))
            return false
        }
        return found
    }

    /// The greatest number of images that are considered for one deployment.
    private static let mostImages = 1000

    /// The images that the app's deployments have brought, except those that any app may need.
    func disposableImages(
        of id: DeploymentID,
        using image: String,
        keeping count: Int
    ) throws(JournalError) -> [String] {
        let operation = "read which images are not needed"
        var candidates: [String] = []
        try query(
            """
            SELECT images.image FROM images JOIN deployments USING (tenant, app, environment)
            WHERE deployments.id = ? AND images.image <> ? LIMIT ?
            """,
            [.text(id.text), .text(image), .integer(Int64(Self.mostImages))],
            operation
        ) { row in
            candidates.append(row.text(0))
            return true
        }
        var disposable: [String] = []
        for candidate in candidates {
            // An id contains no slash, but the name of every built image does.
            if candidate.utf8.contains(UInt8(ascii: "/")) {
                if try !isNeeded(built: candidate, besides: id, count) {
                    disposable.append(candidate)
                }
                continue
            }
            // The query counts, for every app that has run the image, how many other images are
            // newer. The image that is to be kept now has no successful deployment yet.
            let isNeeded = try integer(
                """
                WITH uses AS (
                    SELECT tenant, app, environment, max(number) AS newest FROM deployments
                    WHERE image_id = ?1 GROUP BY tenant, app, environment
                ),
                own AS (SELECT tenant, app, environment FROM deployments WHERE id = ?2)
                SELECT EXISTS (
                    SELECT 1 FROM uses WHERE (
                        SELECT count(DISTINCT image_id) FROM deployments
                        WHERE deployments.tenant = uses.tenant AND deployments.app = uses.app
                            AND deployments.environment = uses.environment
                            AND image_id IS NOT NULL AND number > newest AND image_id <> ?3
                    ) + EXISTS (
                        SELECT 1 FROM own WHERE own.tenant = uses.tenant AND own.app = uses.app
                            AND own.environment = uses.environment
                    ) < ?4
                )
                """,
                [.text(candidate), .text(id.text), .text(image), .integer(Int64(count))],
                operation
            )
            if isNeeded == 0 { disposable.append(candidate) }
        }
        return disposable
    }

    /// Whether an image that a deployment has built under its own name is still needed. It is
    /// needed until that deployment has ended, and then as long as too few successful deployments
    /// of its app are newer.
    private func isNeeded(
        built name: String,
        besides id: DeploymentID,
        _ count: Int
    ) throws(JournalError) -> Bool {
        let answer = try integer(
            """
            WITH own AS (
                SELECT tenant, app, environment, image FROM deployments WHERE id = ?2
            ),
            uses AS (
                SELECT number, finished_at, image_id FROM deployments
                    JOIN (SELECT tenant, app, environment FROM own) USING (tenant, app, environment)
                WHERE image = ?1
            )
            SELECT EXISTS (
                SELECT 1 FROM uses WHERE finished_at IS NULL OR image_id IS NOT NULL AND (
                    SELECT count(DISTINCT newer.image) FROM deployments AS newer, own
                    WHERE newer.tenant = own.tenant AND newer.app = own.app
                        AND newer.environment = own.environment AND newer.image_id IS NOT NULL
                        AND newer.number > uses.number AND newer.image <> own.image
                ) + 1 < ?3
            )
            """,
            [.text(name), .text(id.text), .integer(Int64(count))],
            "read which images are not needed"
        )
        return answer != 0
    }
}
