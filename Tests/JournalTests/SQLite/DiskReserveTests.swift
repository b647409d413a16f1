import Deployments
import Foundation
import Journal
import Testing

@testable import SQLiteStore

/// The journal on a disk without room: a file system in memory, which only root can make.
@Suite(.enabled(if: geteuid() == 0)) struct DiskReserveTests {
    /// A file system of 4 MiB on a directory of its own.
    private final class SmallDisk {
        let directory: TemporaryDirectory
        private let isMounted: Bool

        init() throws {
            directory = try TemporaryDirectory()
            let path = directory.path
            isMounted = unsafe mount("tmpfs", path, "tmpfs", 0, "size=4m,mode=700") == 0
            try #require(isMounted, "mount: \(errno)")
        }

        deinit {
            if isMounted { unsafe _ = umount2(directory.path, Int32(MNT_DETACH)) }
        }

        private var filler: String { directory.file("filler") }

        /// Takes all the room that is left.
        func fill() throws {
            let descriptor = unsafe open(filler, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            defer { close(descriptor) }
            let page = [UInt8](repeating: 1, count: 4096)
            while unsafe write(descriptor, page, page.count) > 0 {}
            #expect(errno == ENOSPC)
        }

        func empty() throws {
            try FileManager.default.removeItem(atPath: filler)
        }

        var reserved: Int {
            let attributes = try? FileManager.default.attributesOfItem(
                atPath: directory.file("reserve")
            )
            return (attributes?[.size] as? NSNumber)?.intValue ?? 0
        }
    }

    @Test func deploymentsEndOnAFullDiskAndNothingElseIsTaken() async throws {
        let disk = try SmallDisk()
        let journal = try await SQLiteJournal.open(directory: disk.directory.path)
        #expect(disk.reserved == DiskReserve.size)
        let samples = (0..<3).map { Sample(app: "app\($0)") }
        for sample in samples {
            try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        }
        try disk.fill()
        func progress(_ sample: Sample) async -> JournalError.Code? {
            await code { () async throws(JournalError) in
                _ = try await journal.append(sample.event(.pullingImage, 10), durability: .durable)
            }
        }
        // A commit or two may still fit into what the log already holds.
        var refusal: JournalError.Code?
        for _ in 0..<200 where refusal == nil { refusal = await progress(samples[0]) }
        #expect(refusal == .diskFull)
        #expect(disk.reserved == DiskReserve.size)

        let message = String(repeating: "The engine's last words. ", count: 400)
        for sample in samples.prefix(2) {
            let final = sample.event(.error, 100, message: message)
            _ = try await journal.append(final, durability: .durable)
            #expect(try await journal.isConsistent(sample.id))
            #expect(disk.reserved == 0)
            // The room that was freed is for ends alone.
            #expect(await progress(samples[2]) == .diskFull)
        }
        let created = await code { () async throws(JournalError) in
            let sample = Sample()
            try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        }
        #expect(created == .diskFull)
        let probe = await code { () async throws(JournalError) in
            try await journal.verifyWritable()
        }
        #expect(probe == .diskFull)
        let place = await code { () async throws(JournalError) in
            try await journal.keep(DeliveryCursor(position: 1), after: nil, of: "a")
        }
        #expect(place == .diskFull)

        try disk.empty()
        #expect(await progress(samples[2]) == nil)
        #expect(disk.reserved == DiskReserve.size)
        try await journal.verifyWritable()
        for sample in samples { #expect(try await journal.isConsistent(sample.id)) }
        await journal.close()
    }

    @Test func endAmongOtherChangesOfOneCommitIsKeptAlone() async throws {
        let disk = try SmallDisk()
        let journal = try await SQLiteJournal.open(directory: disk.directory.path)
        let samples = (0..<10).map { Sample(app: "app\($0)") }
        for sample in samples {
            try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        }
        try disk.fill()
        let long = String(repeating: "long ", count: 4000)
        let codes = await withTaskGroup(of: (Int, JournalError.Code?).self) { group in
            for (index, sample) in samples.enumerated() {
                group.addTask {
                    let stage = index == 4 ? Stage.error : .pullingImage
                    let event = sample.event(stage, index == 4 ? 100 : 10, message: long)
                    return (
                        index,
                        await code { () async throws(JournalError) in
                            _ = try await journal.append(event, durability: .durable)
                        }
                    )
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(codes[4] == nil)
        #expect(codes.values.allSatisfy { $0 == .diskFull })
        #expect(try await journal.record(of: samples[4].id)?.state.status == .failed)
        await journal.close()
    }

    @Test func whatIsUnfinishedIsTakenOverAndEndedOnAFullDisk() async throws {
        let disk = try SmallDisk()
        let sample = Sample()
        let journal = try await SQLiteJournal.open(directory: disk.directory.path)
        try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        await journal.close()
        try disk.fill()
        let reopened = try await SQLiteJournal.open(directory: disk.directory.path)
        #expect(try await reopened.record(of: sample.id) != nil)
        let driver = try await reopened.adopt(sample.id).driver
        let former = await code { () async throws(JournalError) in
            _ = try await reopened.append(sample.event(.error, 100), durability: .durable)
        }
        #expect(former == .fenced)
        let end = sample.event(.error, 100)
        _ = try await reopened.append(end, intending: nil, by: driver, durability: .durable)
        #expect(try await reopened.isConsistent(sample.id))
        await reopened.close()
    }
}
