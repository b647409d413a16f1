import CSQLite
import Deployments
import Foundation
import Journal
import Synchronization
import Testing

@testable import SQLiteStore

/// How many instructions the database runs before the one that fails.
private let instructionsLeft = Atomic(0)

private func countDown(_: UnsafeMutableRawPointer?) -> Int32 {
    instructionsLeft.subtract(1, ordering: .relaxed).newValue == 0 ? 1 : 0
}

/// What becomes of the journal when things fail in its midst.
@Suite struct FaultTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test func crashAtAnyByteOfTheLogLeavesWholeEvents() async throws {
        let sample = Sample()
        let journal = try await SQLiteJournal.open(directory: directory.path)
        var stored = [
            try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        ]
        for progress in 10...14 {
            let event = sample.event(.pullingImage, progress)
            stored.append(try await journal.append(event, durability: .durable))
        }
        let log = try Data(contentsOf: URL(fileURLWithPath: directory.file("journal.sqlite-wal")))
        var counts: Set<Int> = []
        // The step is prime, so that cuts fall everywhere in headers and pages.
        for cut in Array(stride(from: 0, to: log.count, by: 1499)) + [log.count] {
            let copy = try TemporaryDirectory()
            try directory.copyDatabase(to: copy, logBytes: cut)
            let crashed = try await SQLiteJournal.open(directory: copy.path)
            let events = try await crashed.all(sample.id)
            #expect(events == Array(stored.prefix(events.count)))
            #expect(try await crashed.isConsistent(sample.id))
            counts.insert(events.count)
            if !events.isEmpty {
                let event = sample.event(.error, 100)
                let next = try await crashed.append(event, durability: .durable)
                #expect(next.id == events.count + 1)
            }
            await crashed.close()
        }
        #expect(counts == [0, 1, 2, 3, 4, 5, 6])
        await journal.close()
    }

    @Test func crashWithinATransactionLeavesNothingOfIt() async throws {
        let sample = Sample()
        let journal = try await SQLiteJournal.open(directory: directory.path)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        let copy = try TemporaryDirectory()
        let directory = directory
        try await journal.writer.withConnection { connection throws(JournalError) in
            // With so small a cache the transaction's pages reach the log before its end.
            try connection.execute("PRAGMA cache_size = 5; BEGIN IMMEDIATE", "test")
            for _ in 0..<500 {
                try connection.run(
                    "INSERT INTO events (deployment, state, text) VALUES (1, 'error', ?)",
                    [.text(String(repeating: "x", count: 300))],
                    "test"
                )
            }
            try? directory.copyDatabase(to: copy)
            try connection.execute("ROLLBACK", "test")
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: copy.file("journal.sqlite-wal")))
        #expect(bytes.count > 100_000)
        let crashed = try await SQLiteJournal.open(directory: copy.path)
        #expect(try await crashed.all(sample.id).count == 1)
        #expect(try await crashed.lastEventID() == 1)
        #expect(try await crashed.isConsistent(sample.id))
        await crashed.close()
        await journal.close()
    }

    @Test func fullDatabaseFailsTheChangeWithoutTraceAndHealsWithRoom() async throws {
        let sample = Sample()
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let published = Published()
        published.follow(journal)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        try await journal.writer.withConnection { connection throws(JournalError) in
            _ = try connection.integer("PRAGMA max_page_count = 1", [], "test")
        }
        let long = String(repeating: "long ", count: 4000)
        let event = sample.event(.pullingImage, 10, message: long)
        let full = await code { () async throws(JournalError) in
            _ = try await journal.append(event, durability: .grouped)
        }
        #expect(full == .diskFull)
        let other = Sample(app: "other")
        let create = await code { () async throws(JournalError) in
            let first = other.event(.validating, 5)
            let request = JSONValue.string(long)
            let deployment = NewDeployment(
                id: other.id,
                tenant: "default",
                app: "other",
                environment: "default",
                containerName: "other",
                image: "other",
                copy: .afterStart,
                createdAt: Timestamp(microseconds: 0),
                request: request
            )
            _ = try await journal.create(deployment, first: first)
        }
        #expect(create == .diskFull)
        #expect(try await journal.record(of: other.id) == nil)
        #expect(try await journal.all(sample.id).count == 1)
        #expect(published.events.count == 1)
        try await journal.writer.withConnection { connection throws(JournalError) in
            _ = try connection.integer("PRAGMA max_page_count = 1000000", [], "test")
        }
        _ = try await journal.append(event, durability: .grouped)
        try await journal.verifyWritable()
        #expect(try await journal.all(sample.id).map(\.id) == [1, 2])
        #expect(published.events.map(\.id) == [1, 2])
        #expect(try await journal.isConsistent(sample.id))
        await journal.close()
    }

    @Test func oneChangeThatCannotBeWrittenDoesNotTakeOthersWithIt() async throws {
        let samples = (0..<20).map { Sample(app: "app\($0)") }
        let journal = try await SQLiteJournal.open(directory: directory.path)
        for sample in samples {
            _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        }
        try await journal.writer.withConnection { connection throws(JournalError) in
            let script = """
                CREATE TEMP TRIGGER refuse BEFORE INSERT ON main.events WHEN new.deployment = 7
                BEGIN SELECT raise(ROLLBACK, 'refused by the test'); END
                """
            try connection.execute(script, "test")
        }
        let codes = await withTaskGroup(of: (Int, JournalError.Code?).self) { group in
            for (index, sample) in samples.enumerated() {
                group.addTask {
                    let code = await code { () async throws(JournalError) in
                        let event = sample.event(.pullingImage, 10)
                        _ = try await journal.append(event, durability: .grouped)
                    }
                    return (index, code)
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        for (index, sample) in samples.enumerated() {
            #expect((codes[index] == nil) == (index != 6))
            #expect(try await journal.all(sample.id).count == (index == 6 ? 1 : 2))
            #expect(try await journal.isConsistent(sample.id))
        }
        await journal.close()
    }

    @Test func interruptionAtAnyInstructionLeavesTheEventWholeOrAbsent() async throws {
        let sample = Sample()
        let journal = try await SQLiteJournal.open(directory: directory.path)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        var failures = 0
        for instruction in 1..<5000 {
            let before = try await journal.all(sample.id).count
            instructionsLeft.store(instruction, ordering: .relaxed)
            try await journal.writer.withConnection { connection throws(JournalError) in
                let handle = unsafe connection.pointer
                unsafe sqlite3_progress_handler(handle, 1, countDown, nil)
            }
            let outcome = await code { () async throws(JournalError) in
                let event = sample.event(.pullingImage, 10)
                _ = try await journal.append(event, durability: .durable)
            }
            try await journal.writer.withConnection { connection throws(JournalError) in
                unsafe sqlite3_progress_handler(connection.pointer, 0, nil, nil)
            }
            let after = try await journal.all(sample.id).count
            // An interruption may come after the commit and before the statement's end.
            #expect((outcome == nil ? 1...1 : 0...1).contains(after - before))
            #expect(try await journal.isConsistent(sample.id))
            if outcome == nil { break }
            failures += 1
        }
        #expect((10..<4000).contains(failures))
        await journal.close()
    }

    @Test func readOnlyDatabaseIsToldApart() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        try await journal.writer.withConnection { connection throws(JournalError) in
            try connection.execute("PRAGMA query_only = ON", "test")
        }
        let sample = Sample()
        let refusal = await code { () async throws(JournalError) in
            _ = try await journal.create(sample.deployment, first: sample.event(.queued, 0))
        }
        #expect(refusal == .readOnly)
        let probe = await code { () async throws(JournalError) in
            try await journal.verifyWritable()
        }
        #expect(probe == .readOnly)
        await journal.close()
    }
}
