import Deployments
import Foundation
import Journal
import Testing

@testable import SQLiteStore

@Suite struct SchemaTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func connection() throws -> SQLiteConnection {
        let path = directory.file("journal.sqlite")
        _ = FileManager.default.createFile(atPath: path, contents: nil)
        return try SQLiteConnection(path: path)
    }

    @Test func newerLayoutIsRefusedAndLeftAsItIs() async throws {
        do {
            let newer = try connection()
            try newer.execute("CREATE TABLE future (x); PRAGMA user_version = 99", "test")
        }
        let file = URL(fileURLWithPath: directory.file("journal.sqlite"))
        let before = try Data(contentsOf: file)
        await #expect {
            _ = try await SQLiteJournal.open(directory: directory.path)
        } throws: { error in
            let error = error as? JournalError
            return error?.code == .newerSchema && error?.message.contains("99") == true
        }
        #expect(try Data(contentsOf: file) == before)
    }

    @Test func migrationsAreNamedAndAppliedOnce() throws {
        let connection = try connection()
        try Schema.migrate(connection, at: 1)
        try Schema.migrate(connection, at: 2)
        let step = Schema.Migration(name: "one more", script: "CREATE TABLE more (x)")
        try Schema.migrate(connection, with: Schema.migrations + [step], at: 3)
        var rows: [String] = []
        try connection.query("SELECT name, applied_at FROM migrations", [], "test") { row in
            rows.append("\(row.text(0)) \(row.integer(1))")
            return true
        }
        #expect(rows == Schema.migrations.map { "\($0.name) 1" } + ["one more 3"])
        let version = Int64(Schema.migrations.count + 1)
        #expect(try connection.integer("PRAGMA user_version", [], "test") == version)
    }

    @Test func databaseFromBeforeTheHistoryGetsOne() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let samples = [Sample(app: "shop"), Sample(app: "site")]
        for sample in samples { try await journal.keep(sample) }
        await journal.close()
        let script = """
            DROP INDEX deployments_newest; DROP INDEX deployments_of_app;
            DROP INDEX deployments_live; DROP INDEX deployments_by_end;
            DROP TABLE idempotency_keys; DROP TABLE webhook_delays; DROP TABLE webhooks;
            DROP TABLE containers;
            ALTER TABLE deployments DROP COLUMN epoch;
            ALTER TABLE deployments DROP COLUMN intents;
            ALTER TABLE deployments DROP COLUMN image_digest;
            DROP TABLE images; DROP INDEX deployments_by_image; DROP INDEX deployments_of_image;
            ALTER TABLE deployments DROP COLUMN image_id;
            DELETE FROM migrations WHERE version > 2; PRAGMA user_version = 2;
            """
        try SQLiteConnection(path: directory.file("journal.sqlite")).execute(script, "test")
        let migrated = try await SQLiteJournal.open(directory: directory.path)
        let page = try await migrated.history(HistoryQuery(tenant: "default"))
        #expect(page.deployments.map(\.deployment.id) == samples.reversed().map(\.id))
        #expect(try await migrated.apps(within: AccessScope(tenant: "default")).count == 2)
        await migrated.close()
    }

    @Test func migrationThatFailsLeavesTheLayoutBeforeIt() throws {
        let connection = try connection()
        try Schema.migrate(connection, at: 1)
        let broken = Schema.Migration(
            name: "broken",
            script: "CREATE TABLE half (x); INSERT INTO nowhere VALUES (1)"
        )
        #expect {
            try Schema.migrate(connection, with: Schema.migrations + [broken], at: 2)
        } throws: { error in
            (error as? JournalError)?.operation.contains("broken") == true
        }
        #expect(!connection.isInTransaction)
        let version = Int64(Schema.migrations.count)
        #expect(try connection.integer("PRAGMA user_version", [], "test") == version)
        let query = "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"
        #expect(try connection.integer(query, [], "test") == 0)
    }
}
