import Deployments
import Foundation
import Journal
import Testing

@testable import SQLiteStore

@Suite struct DataDirectoryTests {
    let parent: TemporaryDirectory

    init() throws {
        parent = try TemporaryDirectory()
    }

    @Test func createdFilesAreTheOwnersAlone() async throws {
        let path = parent.file("data")
        let journal = try await SQLiteJournal.open(directory: path)
        let sample = Sample()
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        #expect(try parent.mode("data") == 0o700)
        for file in ["journal.sqlite", "journal.sqlite-wal", "journal.sqlite-shm", "lock"] {
            #expect(try parent.mode("data/\(file)") == 0o600)
        }
        await journal.close()
    }

    @Test func secondServerIsRefusedUntilTheFirstHasClosed() async throws {
        let first = try await SQLiteJournal.open(directory: parent.path)
        await #expect {
            _ = try await SQLiteJournal.open(directory: parent.path)
        } throws: { error in
            let error = error as? JournalError
            return error?.code == .inUse
                && error?.message.contains("process \(getpid())") == true
                && error?.message.contains(parent.path) == true
        }
        await first.close()
        let second = try await SQLiteJournal.open(directory: parent.path)
        await second.close()
    }

    @Test func journalThatIsDroppedLetsGoOfItsDirectory() async throws {
        do {
            let journal = try await SQLiteJournal.open(directory: parent.path)
            #expect(try await journal.lastEventID() == 0)
        }
        let next = try await SQLiteJournal.open(directory: parent.path)
        await next.close()
    }

    @Test func missingParentIsNamed() async throws {
        await #expect {
            _ = try await SQLiteJournal.open(directory: parent.file("missing/data"))
        } throws: { error in
            (error as? JournalError)?.message.contains("missing/data") == true
        }
    }

    @Test func fileThatIsNoDatabaseIsCorrupt() async throws {
        let garbage = Data(repeating: 0x5A, count: 8192)
        try garbage.write(to: URL(fileURLWithPath: parent.file("journal.sqlite")))
        let refusal = await code { () async throws(JournalError) in
            _ = try await SQLiteJournal.open(directory: parent.path)
        }
        #expect(refusal == .corrupt)
        let after = try Data(contentsOf: URL(fileURLWithPath: parent.file("journal.sqlite")))
        #expect(after == garbage)
    }
}
