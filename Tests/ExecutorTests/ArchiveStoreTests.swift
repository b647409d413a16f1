import Deployments
import Foundation
import Streams
import Subprocess
import Synchronization
import Testing

@testable import Executor

@Suite final class ArchiveStoreTests: Sendable {
    private let scratch: ScratchFolder
    private let clock = Mutex(Timestamp(microseconds: 1_800_000_000_000_000))

    init() throws { scratch = try ScratchFolder() }

    private func store(
        usesLibrary: Bool = true,
        hash: String? = nil,
        _ change: (inout ArchiveStore.Limits) -> Void = { _ in }
    ) -> ArchiveStore {
        var limits = ArchiveStore.Limits()
        change(&limits)
        var programs = ArchivePrograms(CommandRunner(), path: nil)
        programs.usesLibrary = usesLibrary
        if let hash { programs.hash = (hash, []) }
        return ArchiveStore(
            folder: "\(scratch.path)/archives",
            programs: programs,
            limits: limits,
            now: { [self] in clock.withLock { $0 } }
        )
    }

    private func pass(_ time: Duration) {
        clock.withLock { $0 = $0.advanced(by: time) }
    }

    /// An archive with files of that content.
    static func tar(_ files: [(String, Int)]) -> [UInt8] {
        var bytes: [UInt8] = []
        for (name, size) in files {
            TarHeader(
                path: Array(name.utf8),
                kind: .file,
                size: Int64(size),
                mode: 0o644,
                modified: 0
            ).write(to: &bytes)
            bytes += [UInt8](repeating: 0x61, count: size)
            TarHeader.writeZeros(TarHeader.padding(after: Int64(size)), to: &bytes)
        }
        TarHeader.writeZeros(TarHeader.endSize, to: &bytes)
        return bytes
    }

    @discardableResult
    private func send(
        _ bytes: [UInt8],
        to store: ArchiveStore,
        _ tenant: String = "default",
        breaksOff: Bool = false
    ) async throws -> ArchiveStore.Stored {
        let left = Mutex(bytes[...])
        return try await store.receive(of: tenant) { block in
            try left.withLock { left in
                left = left.dropFirst(block.append(left))
                if left.isEmpty, breaksOff { throw CancellationError() }
            }
        }
    }

    private var files: [String] {
        let found = FileManager.default.enumerator(atPath: "\(scratch.path)/archives")
        return (found?.allObjects as? [String] ?? []).filter { $0.contains("/") }
    }

    @Test(arguments: [true, false])
    func archiveIsKnownByTheHashOfItsBytes(usesLibrary: Bool) async throws {
        let store = store(usesLibrary: usesLibrary)
        let bytes = Self.tar([("a", 10), ("b/c", 3000)])
        let sent = try await send(bytes, to: store)
        #expect(sent.id == SHA256.hexadecimal(bytes))
        #expect(sent.files == 2 && sent.bytes == Int64(bytes.count))
        #expect(try await send(bytes, to: store) == sent)
        // What was sent again is removed by a thread of its own.
        for _ in 0..<10_000 where files.count > 1 {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(files.count == 1)
        let file = try #require(await store.file(of: sent.id, tenant: "default"))
        let source = try await file.collect(within: TarReader.Limits()).get()
        #expect(source.fileCount == 2 && source.byteCount == 3010)
        #expect(source.entries.map { String(decoding: $0.path, as: UTF8.self) } == ["a", "b/c"])
    }

    /// Of entries that begin, and end, where no block does; and its hash, which takes long under a sanitizer.
    private static let large = {
        let bytes = tar((0..<14).map { ("file\($0)", 150_001 + 512 * $0) } + [("last", 0)])
        return (bytes: bytes, hash: SHA256.hexadecimal(bytes))
    }()

    @Test(arguments: [true, false])
    func largeArchiveIsTakenInByBlocks(usesLibrary: Bool) async throws {
        let store = store(usesLibrary: usesLibrary)
        let bytes = Self.large.bytes
        let sent = try await send(bytes, to: store)
        #expect(sent.id == Self.large.hash)
        #expect(sent.files == 15 && sent.bytes == Int64(bytes.count))
        let file = try #require(await store.file(of: sent.id, tenant: "default"))
        #expect(try Data(contentsOf: URL(fileURLWithPath: file.path)) == Data(bytes))
        for end in [bytes.count - 1_024 - 1, 1 << 20] {
            await #expect(throws: ArchiveStore.Refusal.self) {
                try await send(Array(bytes.prefix(end)), to: store)
            }
        }
    }

    @Test func whatIsPassedOverIsCheckedLikeTheRest() async throws {
        var bytes = Self.tar([("a", 3000), (".dockerignore", 700), ("b", 0), ("c/d", 5000)])
        for spoils in [false, true] {
            if spoils { bytes[512 + 3072 + 150] ^= 1 }
            var whole = ArchiveListing(within: TarReader.Limits())
            let expected = Result {
                try whole.read(bytes[...])
                try whole.finish()
            }
            for size in [1, 100, 512, 1_000, 4_096, 100_000] {
                var passing = ArchiveListing(within: TarReader.Limits())
                let found = Result {
                    for start in stride(from: 0, to: bytes.count, by: size) {
                        let part = Array(bytes[start..<min(start + size, bytes.count)])
                        try unsafe part.withUnsafeBytes { try unsafe passing.read(passing: $0) }
                    }
                    try passing.finish()
                }
                #expect(passing.entries == whole.entries && passing.fileCount == whole.fileCount)
                #expect(passing.ignoreFile == whole.ignoreFile)
                #expect("\(found)" == "\(expected)")
            }
            #expect(whole.fileCount == (spoils ? 1 : 4))
        }
    }

    @Test func archiveIsItsTenantsAlone() async throws {
        let store = store()
        let sent = try await send(Self.tar([("a", 10)]), to: store, "red")
        #expect(await store.find(sent.id, of: "blue") == nil)
        #expect(await store.list(of: "blue").isEmpty)
        #expect(await store.list(of: "red") == [sent])
    }

    @Test func archiveIsForgottenADayAfterItsLastUseUnlessADeploymentHasIt() async throws {
        let store = store()
        let used = try await send(Self.tar([("a", 10)]), to: store)
        let unused = try await send(Self.tar([("b", 10)]), to: store)
        let held = try await send(Self.tar([("c", 10)]), to: store)
        await store.keep { [held.id] }
        pass(.seconds(23 * 3600))
        _ = await store.use(used.id, of: "default")
        pass(.seconds(2 * 3600))
        await store.sweep()
        #expect(await store.find(unused.id, of: "default") == nil)
        #expect(await store.find(used.id, of: "default") != nil)
        #expect(await store.find(held.id, of: "default") != nil)
        let kept = files.count
        #expect(kept == 2 || kept == 3)  // Removed by a thread of its own.
    }

    @Test func storeIsFoundAgainAfterARestart() async throws {
        let first = store()
        let sent = try await send(Self.tar([("a", 10)]), to: first)
        try scratch.write("archives/of-default/upload-7", "half of something")
        try scratch.write("archives/of-default/other.txt")
        let second = store()
        try await second.load()
        #expect(await second.find(sent.id, of: "default")?.files == 1)
        #expect(files.count == 1)
    }

    @Test func oldestGoesWhereThereIsNoRoom() async throws {
        let store = store { $0.allBytes = 10_000 }
        let first = try await send(Self.tar([("a", 2000)]), to: store)
        pass(.seconds(1))
        let second = try await send(Self.tar([("b", 2000)]), to: store)
        pass(.seconds(1))
        try await send(Self.tar([("c", 2000)]), to: store)
        #expect(await store.find(first.id, of: "default") == nil)
        await store.keep { [second.id] }
        let failure = await #expect(throws: ArchiveStore.Refusal.self) {
            try await send(Self.tar([("d", 8000)]), to: store)
        }
        guard case .full = failure else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(await store.find(second.id, of: "default") != nil)
    }

    @Test func whatIsRefusedOrBrokenOffLeavesNothing() async throws {
        let store = store { $0.archiveFiles = 2 }
        for (bytes, breaksOff) in [
            ([UInt8](repeating: 0x61, count: 5000), false), ([], false),
            (Self.tar([("a", 1), ("b", 1), ("c", 1)]), false),
            (Array(Self.tar([("a", 5000)]).prefix(3000)), false),
            (Self.tar([("a", 5000)]), true), (Self.tar([("a", 900_000)]), true),
            ([0x1F, 0x8B] + [UInt8](repeating: 1, count: 99), false),
        ] {
            await #expect(throws: ArchiveStore.Refusal.self) {
                try await send(bytes, to: store, breaksOff: breaksOff)
            }
        }
        #expect(await store.list(of: "default").isEmpty)
        try await expectNoFiles()
        // There is room for others still.
        try await send(Self.tar([("a", 1)]), to: store)
    }

    /// They are removed by a thread of their own.
    private func expectNoFiles() async throws {
        for _ in 0..<1000 where !files.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        #expect(files.isEmpty)
    }

    @Test(.timeLimit(.minutes(5)))
    func hashThatFailsEndsTheUpload() async throws {
        let text = String(repeating: "0", count: 64)
        let early = "\(scratch.path)/early"
        try scratch.write("early", "#!/bin/sh\necho \(text)\n")
        try makeProgram(early)
        for program in Array(repeating: early, count: 5) + ["/bin/false"] {
            let store = store(usesLibrary: false, hash: program)
            let failure = await #expect(throws: ArchiveStore.Refusal.self) {
                try await send(Self.large.bytes, to: store)
            }
            guard case .failed(let message) = failure else {
                Issue.record("\(String(describing: failure))")
                continue
            }
            #expect(message.contains(program))
            try await expectNoFiles()
        }
    }

    // MARK: What goes into the container

    @Test func whatIsLeftOutIsThatOfAFolder() async throws {
        let content = "*.txt\n!kept.txt\ndeep/*\n!deep/in\nfolder\n"
        for name in [
            "a.txt", "kept.txt", "deep/x", "deep/in/y", "folder/z", "node_modules/m", "other/.env",
            "other/a.log", "other/b",
        ] {
            try scratch.write("in/\(name)", "12345")
        }
        try scratch.write("in/.dockerignore", content)
        try await scratch.pack("in", into: "in.tar")
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(scratch.path)/in.tar"))
        let store = store()
        let sent = try await send(Array(data), to: store)
        let file = try #require(await store.file(of: sent.id, tenant: "default"))
        let packed = try await file.collect(within: TarReader.Limits()).get()
        let folder = try await scratch.collect()
        func names(_ source: SourceFolder) -> [String] {
            source.entries.map { String(decoding: $0.path, as: UTF8.self) }.sorted()
        }
        #expect(names(packed) == names(folder))
        #expect(names(packed).contains("deep/in/y") && !names(packed).contains("deep/x"))
        // Both make the same archive, but for its order.
        let repacked = RepackedArchive(
            source: packed,
            file: file,
            headers: EntryHeaders(destination: "/payload/app", owner: .root),
            stall: .seconds(60)
        )
        let bytes = try await archive(repacked)
        #expect(Int64(bytes.count) == repacked.byteCount)
        var reader = TarReader()
        var found: [String: [UInt8]] = [:]
        var last = ""
        try reader.feed(bytes[...]) { piece in
            switch piece {
            case .entry(let entry):
                last = String(decoding: entry.path, as: UTF8.self)
                found[last] = []
            case .content(let content): found[last]? += content
            }
        }
        try reader.finish()
        #expect(Set(found.keys) == Set(names(packed).map { "payload/app/\($0)" }))
        #expect(found["payload/app/other/b"] == Array("12345".utf8))
    }

    @Test func anotherFileUnderTheNameIsNoticed() async throws {
        let store = store()
        let sent = try await send(Self.tar([("a", 10), ("b", 20)]), to: store)
        let file = try #require(await store.file(of: sent.id, tenant: "default"))
        let source = try await file.collect(within: TarReader.Limits()).get()
        for other in [Self.tar([("a", 10)]), Self.tar([("a", 10), ("b", 21)]), []] {
            try Data(other).write(to: URL(fileURLWithPath: file.path))
            let repacked = RepackedArchive(
                source: source,
                file: file,
                headers: EntryHeaders(destination: "/x", owner: .root),
                stall: .seconds(60)
            )
            await #expect(throws: SourceFolder.Unreadable.self) { _ = try await archive(repacked) }
            #expect(repacked.failure != nil)
        }
    }
}
