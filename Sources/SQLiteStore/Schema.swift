internal import Journal

/// The layout of the database, given by the migrations that lead to it.
enum Schema {
    /// A step from one layout to the next. It never changes once released.
    struct Migration {
        let name: String
        let script: String
    }

    /// The migrations in order; `user_version` is the number of those that the database has had.
    static let migrations = [
        Migration(
            name: "deployments and their events",
            script: """
                CREATE TABLE migrations (
                    version INTEGER PRIMARY KEY,
                    name TEXT NOT NULL,
                    applied_at INTEGER NOT NULL
                ) STRICT;
                CREATE TABLE deployments (
                    number INTEGER PRIMARY KEY AUTOINCREMENT,
                    id TEXT NOT NULL UNIQUE,
                    tenant TEXT NOT NULL,
                    app TEXT NOT NULL,
                    environment TEXT NOT NULL,
                    container_name TEXT NOT NULL,
                    image TEXT NOT NULL,
                    copy TEXT NOT NULL,
                    request TEXT NOT NULL,
                    created_at INTEGER NOT NULL,
                    status TEXT NOT NULL,
                    stage TEXT NOT NULL,
                    progress INTEGER NOT NULL,
                    updated_at INTEGER NOT NULL,
                    finished_at INTEGER,
                    state TEXT NOT NULL
                ) STRICT;
                CREATE INDEX deployments_unfinished ON deployments (number)
                    WHERE finished_at IS NULL;
                CREATE TABLE events (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    deployment INTEGER NOT NULL REFERENCES deployments (number) ON DELETE CASCADE,
                    stage TEXT NOT NULL,
                    text TEXT NOT NULL
                ) STRICT;
                CREATE INDEX events_of_deployment ON events (deployment, id);
                CREATE TABLE probe (count INTEGER NOT NULL, padding BLOB NOT NULL) STRICT;
                INSERT INTO probe VALUES (0, zeroblob(16384));
                """
        ),
        Migration(
            name: "what becomes of the containers",
            script: """
                ALTER TABLE events ADD COLUMN kind TEXT NOT NULL DEFAULT 'progress';
                ALTER TABLE events RENAME COLUMN stage TO state;
                DROP INDEX events_of_deployment;
                CREATE INDEX events_of_deployment ON events (deployment, kind, id);
                ALTER TABLE deployments ADD COLUMN workload TEXT;
                CREATE INDEX deployments_with_workload ON deployments (number)
                    WHERE workload IS NOT NULL AND workload <> 'removed';
                """
        ),
        Migration(
            name: "history and idempotency keys",
            script: """
                CREATE INDEX deployments_newest ON deployments
                    (tenant, number DESC, app, environment, status);
                CREATE INDEX deployments_of_app ON deployments (tenant, app, environment, status);
                CREATE INDEX deployments_live ON deployments (tenant, app, environment)
                    WHERE workload IN ('running', 'unhealthy', 'restarting', 'stopping');
                CREATE INDEX deployments_by_end ON deployments (finished_at)
                    WHERE finished_at IS NOT NULL;
                CREATE TABLE idempotency_keys (
                    tenant TEXT NOT NULL,
                    key TEXT NOT NULL,
                    fingerprint TEXT NOT NULL,
                    deployment INTEGER NOT NULL REFERENCES deployments (number) ON DELETE CASCADE,
                    created_at INTEGER NOT NULL,
                    PRIMARY KEY (tenant, key)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX idempotency_keys_of_deployment ON idempotency_keys (deployment);
                """
        ),
        Migration(
            name: "how far webhooks have come",
            script: """
                CREATE TABLE webhooks (
                    key TEXT PRIMARY KEY,
                    position INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE TABLE webhook_delays (
                    webhook TEXT NOT NULL REFERENCES webhooks (key) ON DELETE CASCADE,
                    deployment INTEGER NOT NULL REFERENCES deployments (number) ON DELETE CASCADE,
                    settled INTEGER NOT NULL,
                    since INTEGER,
                    PRIMARY KEY (webhook, deployment)
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX webhook_delays_of_deployment ON webhook_delays (deployment);
                """
        ),
        // A row outlives its deployment if the container may. Containers that were created before
        // this migration have no token, and only the beginning of their id is known.
        Migration(
            name: "whose containers are",
            script: """
                CREATE TABLE containers (
                    creation TEXT PRIMARY KEY,
                    deployment TEXT NOT NULL,
                    tenant TEXT NOT NULL,
                    app TEXT NOT NULL,
                    name TEXT NOT NULL,
                    container TEXT UNIQUE
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX containers_of_deployment ON containers (deployment);
                INSERT OR IGNORE INTO containers (creation, deployment, tenant, app, name, container)
                SELECT 'deployment:' || id, id, tenant, app, container_name,
                    CASE WHEN json_valid(state)
                    THEN json_extract(state, '$.result.deployment_id') END
                FROM deployments;
                """
        ),
        // The intents of unfinished deployments were recorded only in their events.
        Migration(
            name: "who drives deployments",
            script: """
                ALTER TABLE deployments ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0;
                ALTER TABLE deployments ADD COLUMN intents TEXT;
                UPDATE deployments SET intents = (
                    SELECT json_object(
                        'cancelling',
                        json(iif(max(json_extract(text, '$.detail.cancelling')), 'true', 'false')),
                        'stopping', max(json_extract(text, '$.detail.stopping_container'))
                    )
                    FROM events
                    WHERE deployment = number AND kind = 'progress' AND json_valid(text)
                )
                WHERE finished_at IS NULL;
                ALTER TABLE deployments ADD COLUMN image_digest TEXT;
                UPDATE deployments
                SET image_digest = json_extract(state, '$.result.metadata.image_digest')
                WHERE json_valid(state);
                """
        ),
        // Nothing is known about the images that earlier deployments have brought, so they are
        // kept.
        Migration(
            name: "which images deployments have brought",
            script: """
                CREATE TABLE images (
                    image TEXT PRIMARY KEY,
                    tenant TEXT NOT NULL,
                    app TEXT NOT NULL,
                    environment TEXT NOT NULL
                ) STRICT, WITHOUT ROWID;
                CREATE INDEX images_of_app ON images (tenant, app, environment);
                ALTER TABLE deployments ADD COLUMN image_id TEXT;
                UPDATE deployments
                SET image_id = json_extract(state, '$.result.metadata.image_id')
                WHERE status = 'success' AND json_valid(state);
                CREATE INDEX deployments_by_image ON deployments
                    (tenant, app, environment, image_id, number) WHERE image_id IS NOT NULL;
                CREATE INDEX deployments_of_image ON deployments (image_id)
                    WHERE image_id IS NOT NULL;
                """
        ),
    ]

    /// Migrates the database to the newest layout, each step in a transaction of its own.
    static func migrate(
        _ connection: SQLiteConnection,
        with migrations: [Migration] = migrations,
        at moment: Int64
    ) throws(JournalError) {
        let version = try refuseNewer(connection, than: migrations.count)
        for (index, migration) in migrations.enumerated().dropFirst(version) {
            let operation = "migrate the database (\(migration.name))"
            try connection.execute("BEGIN IMMEDIATE", operation)
            do throws(JournalError) {
                try connection.execute(migration.script, operation)
                try connection.run(
                    "INSERT INTO migrations (version, name, applied_at) VALUES (?, ?, ?)",
                    [.integer(Int64(index + 1)), .text(migration.name), .integer(moment)],
                    operation
                )
                try connection.execute("PRAGMA user_version = \(index + 1)", operation)
                try connection.execute("COMMIT", operation)
            } catch {
                if connection.isInTransaction { try connection.execute("ROLLBACK", operation) }
                throw error
            }
        }
    }

    /// Returns the number of migrations that the database has had; throws if it is more than this
    /// version knows.
    @discardableResult
    static func refuseNewer(
        _ connection: SQLiteConnection,
        than known: Int = migrations.count
    ) throws(JournalError) -> Int {
        let operation = "open the database"
        let version = Int(try connection.integer("PRAGMA user_version", [], operation) ?? 0)
        guard version <= known else {
            throw JournalError(
                code: .newerSchema,
                operation: operation,
                message: """
                    it was written by a newer version (layout \(version), this one knows up to \
                    \(known)); use that version, or another data directory
                    """
            )
        }
        return version
    }
}
