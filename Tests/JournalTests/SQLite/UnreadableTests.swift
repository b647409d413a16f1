import Deployments
import Journal
import Testing

@testable import SQLiteStore

/// Rows that were damaged by hand: each is its own deployment's trouble.
@Suite struct UnreadableTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open() async throws -> SQLiteJournal {
        try await SQLiteJournal.open(directory: directory.path)
    }

    /// Deployments that are kept, and one of them is damaged by a script with `?` for its id.
    private func damage(_ subject: Sample, _ others: [Sample], _ script: String) async throws {
        let journal = try await open()
        for other in others { try await journal.keep(other, then: .unhealthy) }
        try await journal.create(subject.deployment, first: subject.event(.validating, 5))
        let pulling = subject.event(.pullingImage, 20)
        _ = try await journal.append(pulling, durability: .durable)
        await journal.close()
        try SQLiteConnection(path: directory.file("journal.sqlite"))
            .execute(script.replacing("?", with: "'\(subject.id)'"), "damage the journal")
    }

    static let damages = [
        "UPDATE deployments SET state = '' WHERE id = ?",
        "UPDATE deployments SET state = '{' WHERE id = ?",
        "UPDATE deployments SET state = '5' WHERE id = ?",
        "UPDATE deployments SET state = '{}' WHERE id = ?",
        "UPDATE deployments SET state = json_set(state, '$.progress', 9e99) WHERE id = ?",
        "UPDATE deployments SET state = json_set(state, '$.stage', 'flying') WHERE id = ?",
        "UPDATE deployments SET state = CAST(x'22fffe22' AS TEXT) WHERE id = ?",
        "UPDATE deployments SET request = 'x' WHERE id = ?",
        "UPDATE deployments SET request = '[]' WHERE id = ?",
        "UPDATE deployments SET copy = 'sideways' WHERE id = ?",
        """
        UPDATE deployments SET state = json_set(state, '$.last_event_id', 0) WHERE id = ?;
        UPDATE events SET text = '{' WHERE deployment = (SELECT number FROM deployments WHERE id = ?)
        """,
    ]

    @Test(arguments: damages)
    func unfinishedOneCanBeEnded(_ script: String) async throws {
        let (subject, other) = (Sample(app: "subject"), Sample(app: "other"))
        try await damage(subject, [other], script)
        let journal = try await open()
        let record = try #require(try await journal.unfinished().first)
        #expect(record.deployment.id == subject.id)
        #expect(!record.unreadable.isEmpty)
        #expect(try await journal.workloads().map(\.deployment.id) == [other.id])
        // As its end is written.
        _ = try await journal.append(subject.event(.error, 100), durability: .durable)
        #expect(try await journal.unfinished().isEmpty)
        try await expectWhole(journal, [subject, other])
        await journal.close()
    }

    @Test(arguments: damages)
    func endedOneLeavesTheListsWhole(_ script: String) async throws {
        let (subject, other) = (Sample(app: "subject"), Sample(app: "other"))
        try await damage(other, [subject], "")
        try SQLiteConnection(path: directory.file("journal.sqlite"))
            .execute(script.replacing("?", with: "'\(subject.id)'"), "damage the journal")
        let journal = try await open()
        #expect(try await journal.unfinished().map(\.deployment.id) == [other.id])
        try await expectWhole(journal, [subject, other])
        let record = try #require(try await journal.record(of: subject.id))
        #expect(record.state.isFinal)
        await journal.close()
    }

    @Test func rowOfUnknownWordsAndNumbersBeyondAllTimeIsPassedOver() async throws {
        let (subject, other) = (Sample(app: "subject"), Sample(app: "other"))
        try await damage(
            subject,
            [other],
            """
            UPDATE deployments SET status = 'x', stage = 'y', workload = 'z', progress = -1,
                created_at = 9223372036854775807, updated_at = -9223372036854775808 WHERE id = ?;
            UPDATE events SET state = 'flying'
                WHERE deployment = (SELECT number FROM deployments WHERE id = ?)
            """
        )
        let journal = try await open()
        try await expectWhole(journal, [subject, other])
        #expect(try await journal.latest(of: subject.id) == nil)
        #expect(try await journal.all(subject.id).isEmpty)
        _ = try await journal.stageChanges(after: 0, limit: 100)
        for record in try await journal.unfinished() { _ = record.json.text }
        await journal.close()
    }

    @Test func rowWithoutAnIdIsNobodys() async throws {
        let (subject, other) = (Sample(app: "subject"), Sample(app: "other"))
        try await damage(subject, [other], "UPDATE deployments SET id = 'x' WHERE id = ?")
        let journal = try await open()
        #expect(try await journal.unfinished().isEmpty)
        try await expectWhole(journal, [other])
        #expect(try await journal.stageChanges(after: 0, limit: 100).changes.count == 2)
        _ = try await journal.webhookCursors()
        await journal.close()
    }

    /// All lists are there, and are JSON.
    private func expectWhole(_ journal: SQLiteJournal, _ samples: [Sample]) async throws {
        let accessScope = AccessScope(tenant: "default")
        let page = try await journal.history(HistoryQuery(accessScope))
        let ids = page.deployments.map { $0.json["id"]?.string }
        #expect(Set(ids) == Set(samples.map(\.id.text)))
        for app in try await journal.apps(within: accessScope) { #expect(isJSON(app.json)) }
        let overview = try await journal.overview(of: DeploymentFilter(accessScope), limit: 100)
        #expect(Set(overview.deployments.map(\.deployment.id)) == Set(samples.map(\.id)))
        for record in overview.deployments { #expect(isJSON(record.row)) }
    }

    private func isJSON(_ value: JSONValue) -> Bool {
        (try? JSONValue(parsing: Array(value.text.utf8))) != nil
    }
}
