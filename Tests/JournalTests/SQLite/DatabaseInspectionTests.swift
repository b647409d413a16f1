import Deployments
import Foundation
import Journal
import Testing

@testable import SQLiteStore

/// Looking at a database leaves everything as it is.
@Suite struct DatabaseInspectionTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// What the directory holds; without the index of the log, which every reader writes to.
    private func content() throws -> [String: Data] {
        var content: [String: Data] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
        where !name.hasSuffix("-shm") {
            content[name] = FileManager.default.contents(atPath: directory.file(name))
        }
        return content
    }

    private func fill(_ journal: SQLiteJournal) async throws {
        for turn in 0..<3 {
            let sample = Sample(app: "app\(turn)")
            try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        }
    }

    @Test func thereIsNothingWhereNoServerWas() throws {
        #expect(try DatabaseInspection.at(directory: directory.path) == nil)
        #expect(try content().isEmpty)
    }

    @Test(arguments: ["plain", "with #, ? and %41 ü"])
    func closedDatabaseIsLookedAt(name: String) async throws {
        let path = directory.file(name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let journal = try await SQLiteJournal.open(directory: path)
        try await fill(journal)
        await journal.close()
        let before = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        let look = try #require(try DatabaseInspection.at(directory: path))
        #expect(look.deployments == 3 && look.bytes > 0 && !look.isOlder)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == before)
    }

    @Test func databaseInUseIsLookedAtWithWhatItsLogHolds() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        try await fill(journal)
        let before = try content()
        let look = try #require(try DatabaseInspection.at(directory: directory.path))
        #expect(look.deployments == 3)
        #expect(try content() == before)
        try await fill(journal)
        await journal.close()
    }

    @Test func databaseOfACrashIsLookedAtAndLeftToTheNextStart() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        try await fill(journal)
        let crashed = try TemporaryDirectory()
        try directory.copyDatabase(to: crashed)
        await journal.close()
        let log = FileManager.default.contents(atPath: crashed.file("journal.sqlite-wal"))
        #expect(try DatabaseInspection.at(directory: crashed.path)?.deployments == 3)
        #expect(
            FileManager.default.contents(atPath: crashed.file("journal.sqlite-wal")) == log
        )
        let next = try await SQLiteJournal.open(directory: crashed.path)
        await next.close()
        #expect(try DatabaseInspection.at(directory: crashed.path)?.deployments == 3)
    }

    @Test func damageIsFound() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        try await fill(journal)
        await journal.close()
        let file = URL(fileURLWithPath: directory.file("journal.sqlite"))
        var bytes = try Data(contentsOf: file)
        bytes.replaceSubrange(4096..<bytes.count, with: Data(count: bytes.count - 4096))
        try bytes.write(to: file)
        #expect(throws: JournalError.self) {
            try DatabaseInspection.at(directory: directory.path)
        }
        #expect(try Data(contentsOf: file) == bytes)
    }
}
