import Deployments
import Foundation
import Journal
import Testing

@testable import SQLiteStore

/// Databases that must not be written to.
@Suite struct DamageTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private var file: URL { URL(fileURLWithPath: directory.file("journal.sqlite")) }

    /// A database with some hundred pages, closed as it should be.
    private func fill() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        for turn in 0..<20 {
            let sample = Sample(app: "app\(turn)")
            try await journal.create(sample.deployment, first: sample.event(.validating, 5))
            for progress in 10...30 {
                let message = String(repeating: "byte ", count: 100)
                let event = sample.event(.pullingImage, progress, message: message)
                _ = try await journal.append(event, durability: .grouped)
            }
        }
        await journal.close()
    }

    private func isRefusedUntouched() async throws -> Bool {
        let before = try Data(contentsOf: file)
        do throws(JournalError) {
            let journal = try await SQLiteJournal.open(directory: directory.path)
            await journal.close()
            return false
        } catch {
            #expect(error.code == .corrupt)
            #expect(error.message.contains(file.path), "\(error)")
            #expect(error.message.contains("backup"), "\(error)")
        }
        #expect(try Data(contentsOf: file) == before)
        return true
    }

    private func execute(_ script: String) throws {
        try SQLiteConnection(path: file.path).execute(script, "test")
    }

    @Test func garbageIsRefused() async throws {
        try Data(repeating: 0x5A, count: 8192).write(to: file)
        #expect(try await isRefusedUntouched())
    }

    @Test func fileThatWasCutIsRefused() async throws {
        try await fill()
        let whole = try Data(contentsOf: file)
        for size in [100, 4096, whole.count / 2, whole.count - 4096] {
            try whole.prefix(size).write(to: file)
            #expect(try await isRefusedUntouched(), "cut to \(size) bytes")
        }
    }

    @Test func pageWithoutSenseInItsPlaceIsFound() async throws {
        try await fill()
        let whole = try Data(contentsOf: file)
        // The page that holds the newest events: every append begins there.
        let mark = Data("byte byte".utf8)
        let last = try #require(whole.range(of: mark, options: .backwards)).lowerBound / 4096
        var damaged = whole
        damaged.replaceSubrange(
            last * 4096..<(last + 1) * 4096,
            with: Data(repeating: 0xFF, count: 4096)
        )
        try damaged.write(to: file)
        #expect(try await isRefusedUntouched())
    }

    @Test func everyPageIsLookedAtAfterACrash() async throws {
        try await fill()
        let whole = try Data(contentsOf: file)
        let middle = whole.count / 4096 / 2 * 4096
        var damaged = whole
        damaged.replaceSubrange(middle..<middle + 4096, with: Data(count: 4096))
        try damaged.write(to: file)
        // What a server leaves that did not close: a log, here of nothing but its header.
        try Data(count: 32).write(to: URL(fileURLWithPath: file.path + "-wal"))
        #expect(try await isRefusedUntouched())
    }

    @Test func logOfACrashStaysWithADamagedDatabase() async throws {
        try await fill()
        let journal = try await SQLiteJournal.open(directory: directory.path)
        try await journal.keep(Sample())
        let copy = try TemporaryDirectory()
        try directory.copyDatabase(to: copy)
        await journal.close()
        let database = URL(fileURLWithPath: copy.file("journal.sqlite"))
        let log = URL(fileURLWithPath: copy.file("journal.sqlite-wal"))
        try Data(repeating: 0x5A, count: 16 * 4096).write(to: database)
        let before = try Data(contentsOf: log)
        let refusal = await code { () async throws(JournalError) in
            _ = try await SQLiteJournal.open(directory: copy.path)
        }
        #expect(refusal == .corrupt)
        #expect(try Data(contentsOf: log) == before)
    }

    @Test(arguments: [
        "DROP TABLE events", "DROP TABLE deployments",
        "DELETE FROM deployments WHERE number = 20", "UPDATE sqlite_sequence SET seq = 3",
        "DROP TABLE migrations; DROP TABLE events; DROP TABLE probe; PRAGMA user_version = 0",
    ])
    func tablesThatDoNotFitAreRefused(_ script: String) async throws {
        try await fill()
        try execute(script)
        #expect(try await isRefusedUntouched())
    }

    @Test func anotherProgramsDatabaseIsRefused() async throws {
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        try execute("CREATE TABLE notes (text TEXT)")
        #expect(try await isRefusedUntouched())
    }

    @Test func emptyFileIsANewJournal() async throws {
        _ = FileManager.default.createFile(atPath: file.path, contents: nil)
        let journal = try await SQLiteJournal.open(directory: directory.path)
        try await journal.keep(Sample())
        await journal.close()
    }
}
