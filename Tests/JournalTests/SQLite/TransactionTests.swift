import Deployments
import Journal
import Metrics
import Testing

@testable import SQLiteStore

/// What stands in the tables after changes that the journal's own words do not show.
@Suite struct TransactionTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test func callsThatComeOneAfterTheOtherShareNoTransaction() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let sample = Sample()
        try await journal.keep(sample)
        #expect(journal.statistics.times.count == 2 && journal.statistics.failures == 0)
        await journal.close()
    }

    @Test func olderJournalsContainersAreTakenOver() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let unfinished = Sample(app: "site")
        let sample = Sample(app: "shop", tenant: "acme")
        let container = String(repeating: "a", count: 64)
        func owner(
            _ journal: SQLiteJournal,
            _ name: String,
            _ creation: String? = nil,
            id: String = String(repeating: "b", count: 64)
        ) async throws -> DeploymentID? {
            let claim = ContainerClaim(id: id, name: name, creation: creation)
            return try await journal.owner(of: claim)?.deployment
        }
        try await journal.keep(sample)
        _ = try await journal.create(unfinished.deployment, first: unfinished.event(.validating, 5))
        await journal.close()
        let connection = try SQLiteConnection(path: directory.file("journal.sqlite"))
        try connection.execute(
            """
            DROP TABLE containers; DELETE FROM migrations WHERE version > 4;
            ALTER TABLE deployments DROP COLUMN epoch;
            ALTER TABLE deployments DROP COLUMN intents;
            ALTER TABLE deployments DROP COLUMN image_digest;
            DROP TABLE images; DROP INDEX deployments_by_image; DROP INDEX deployments_of_image;
            ALTER TABLE deployments DROP COLUMN image_id;
            PRAGMA user_version = 4;
            UPDATE deployments SET state = json_set(state, '$.result.deployment_id', 'aaaaaaaaaaaa')
                WHERE id = '\(sample.id)';
            """,
            "test"
        )
        let migrated = try await SQLiteJournal.open(directory: directory.path)
        #expect(try await owner(migrated, "any", id: container) == sample.id)
        let old = ContainerClaim.creation(of: unfinished.id.text)
        #expect(try await owner(migrated, "fractalic-site", old) == unfinished.id)
        #expect(try await owner(migrated, "handmade", old) == nil)
        await migrated.close()
    }

    @Test func deletedWithItsEndIsForgotten() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let sample = Sample()
        try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        let moment = Timestamp(microseconds: 1)
        let results = try await journal.writer.commit(
            [
                .append(EncodedEvent(sample.event(.error, 100)), nil, Driver(of: sample.id)),
                .delete(sample.id, moment, "Gone"),
                .delete(sample.id, moment, "Gone"),
            ],
            .durable
        )
        #expect(results.map { (try? $0.get()) != nil } == [true, true, false])
        let again = await #expect(throws: JournalError.self) {
            try await journal.delete(sample.id, at: moment)
        }
        #expect(again?.code == .unknownDeployment)
        let rows = try await journal.writer.withConnection { connection throws(JournalError) in
            try connection.integer("SELECT count(*) FROM events", [], "test")
        }
        #expect(rows == 0)
        await journal.close()
    }

    @Test func deletionAmongOtherChangesOfOneCommitIsSeenByThoseAfterIt() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let sample = Sample()
        try await journal.keep(sample)
        let writer = journal.writer
        let changes: [Change] = [
            .workload(sample.workload(.stopped)),
            .delete(sample.id, Timestamp(microseconds: 1), "gone"),
            .workload(sample.workload(.running)),
            .delete(sample.id, Timestamp(microseconds: 1), "gone"),
            .create(sample.deployment, EncodedEvent(sample.event(.queued, 0)), nil),
        ]
        let codes = try await writer.commit(changes, .durable).map { result in
            if case .failure(let error) = result { error.code } else { nil as JournalError.Code? }
        }
        #expect(codes == [nil, nil, .unknownDeployment, .unknownDeployment, nil])
        #expect(try await journal.isConsistent(sample.id))
        await journal.close()
    }

    @Test func containerThatComesAndGoesKeepsItsNewestEvents() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let sample = Sample()
        try await journal.keep(sample)
        var last: StoredEvent?
        let limit = SQLiteConnection.workloadEventLimit
        for turn in 0..<limit + 25 {
            let state = turn % 2 == 0 ? WorkloadState.restarting : .running
            last = try await journal.append(sample.workload(state))
        }
        let oldest = try await journal.writer.withConnection { connection throws(JournalError) in
            let query = "SELECT count(*) * 1000000 + min(id) FROM events WHERE kind = 'workload'"
            return try connection.integer(query, [], "test")
        }
        let first = (last?.id ?? 0) - Int64(limit) + 1
        #expect(oldest == Int64(limit) * 1_000_000 + first)
        #expect(try await journal.all(sample.id).count == 2)
        #expect(try await journal.record(of: sample.id)?.state.lastEventID == last?.id)
        await journal.close()
    }

    @Test func placeThatCannotBeKeptLeavesTheFormer() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let sample = Sample()
        try await journal.keep(sample)
        let first = DeliveryCursor(position: 1)
        try await journal.keep(first, after: nil, of: "a")
        try await journal.writer.withConnection { connection throws(JournalError) in
            try connection.execute(
                """
                CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.webhook_delays
                BEGIN SELECT raise(ABORT, 'refused by the test'); END
                """,
                "test"
            )
        }
        let second = DeliveryCursor(position: 2, lags: [sample.id: .init(settled: 1, since: nil)])
        await #expect(throws: JournalError.self) {
            try await journal.keep(second, after: first, of: "a")
        }
        #expect(try await journal.webhookCursors() == ["a": first])
        // What comes after it is not harmed.
        _ = try await journal.append(sample.workload(.running))
        await journal.close()
    }

    @Test func keysAreForgottenWithTheirDeploymentOrAfterADay() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        func count() async throws -> Int64? {
            try await journal.writer.withConnection { connection throws(JournalError) in
                try connection.integer("SELECT count(*) FROM idempotency_keys", [], "test")
            }
        }
        let samples = (0..<2).map { Sample(app: "app\($0)") }
        for sample in samples {
            let key = sample.key(sample.deployment.app)
            let first = sample.event(.queued, 0)
            _ = try await journal.create(sample.deployment, first: first, key: key)
        }
        let moment = samples[0].deployment.createdAt
        _ = try await journal.append(samples[0].event(.error, 100), durability: .durable)
        _ = try await journal.delete(samples[0].id, at: moment)
        #expect(try await journal.deployment(for: samples[0].key("app0"), at: moment) == nil)
        #expect(try await count() == 1)
        let later = Timestamp(microseconds: moment.microseconds + IdempotencyKey.lifetime + 1)
        _ = try await journal.prune(Retention(), at: later)
        #expect(try await count() == 0)
        #expect(try await journal.record(of: samples[1].id) != nil)
        await journal.close()
    }
}
