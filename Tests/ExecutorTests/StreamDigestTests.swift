import Deployments
import Foundation
import Glibc
import Streams
import Subprocess
import Synchronization
import Testing
import Threads

@testable import Executor

@Suite struct StreamDigestTests {
    /// The digests that there are here.
    private static var digests: [any StreamDigest] {
        let programs = ArchivePrograms(CommandRunner(), path: nil)
        let runner = programs.runner
        let (program, arguments) = programs.hash
        var all: [any StreamDigest] = [
            ProgramDigest(runner: runner, program: program, arguments: arguments),
            ProgramDigest(
                runner: runner,
                program: Command.locate("sha256sum", in: nil),
                arguments: []
            ),
        ]
        for name in ["libcrypto.so.3", "libcrypto.so.1.1"] {
            guard let library = CryptoLibrary(name) else { continue }
            all.append(LibraryDigest(library: library, threads: BlockingThreads()))
        }
        return all
    }

    /// Hashes bytes that come in blocks of that size.
    private func hash(_ bytes: [UInt8], _ digest: any StreamDigest, by capacity: Int) async throws
        -> String
    {
        let blocks = BlockRing(blocks: 3, capacity: capacity, readers: 1)
        async let hash = digest.hash(blocks, as: 0)
        var rest = bytes[...]
        while !rest.isEmpty, let block = await blocks.empty() {
            rest = rest.dropFirst(block.bytes.append(rest))
            blocks.handOn(block)
        }
        blocks.finish()
        return try await hash
    }

    @Test(.timeLimit(.minutes(5))) func libraryAndProgramsAgree() async throws {
        let long = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 7) }
        for count in [0, 1, 55, 56, 63, 64, 65, 4_096, 100_000, 300_000] {
            let bytes = Array(long.prefix(count))
            let expected = SHA256.hexadecimal(bytes)
            for digest in Self.digests {
                #expect(
                    try await hash(bytes, digest, by: 4_096) == expected,
                    "\(digest), \(count) bytes"
                )
            }
        }
    }

    @Test(.timeLimit(.minutes(5))) func severalAtOnceDoNotMixTheirBytes() async throws {
        for digest in Self.digests {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in UInt8(0)..<12 {
                    group.addTask {
                        let bytes = [UInt8](repeating: number, count: 50_000 + Int(number))
                        let found = try await hash(bytes, digest, by: 10_000)
                        #expect(found == SHA256.hexadecimal(bytes))
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func programThatFailsIsTold() async throws {
        for program in ["/bin/false", "/nowhere/openssl"] {
            let digest = ProgramDigest(
                runner: CommandRunner(),
                program: program,
                arguments: []
            )
            let failure = await #expect(throws: DigestFailure.self) {
                try await hash([1, 2, 3], digest, by: 10)
            }
            #expect(failure?.message.contains(program) == true)
        }
    }

    @Test func libraryThatIsNotThereIsNotUsed() {
        #expect(CryptoLibrary("libcrypto.so.nothing") == nil)
        // It has none of the functions.
        #expect(CryptoLibrary("libc.so.6") == nil)
    }

    // MARK: The blocks

    @Test(.timeLimit(.minutes(5))) func blocksComeToEachReaderInOrder() async throws {
        let blocks = BlockRing(blocks: 2, capacity: 1, readers: 2)
        let threads = BlockingThreads()
        let slow = Task {
            var found: [UInt8] = []
            while let block = await blocks.next(for: 0) {
                found += unsafe block.bytes.withBytes { unsafe Array($0) }
                blocks.done(block)
                await Task.yield()
            }
            return found
        }
        let quick = Task {
            let found = Mutex<[UInt8]>([])
            while let block = await blocks.next(for: 1) {
                try await threads.run(for: "", within: nil) { abandonment in
                    try blocks.read(block, as: 1, for: .milliseconds(1), abandonment) { bytes in
                        found.withLock { $0 += unsafe bytes.withBytes { unsafe Array($0) } }
                    }
                }
            }
            return found.withLock { $0 }
        }
        for number in UInt8(0)..<200 {
            let block = try #require(await blocks.empty())
            #expect(block.bytes.count == 0)
            _ = block.bytes.append([number])
            blocks.handOn(block)
        }
        blocks.finish()
        #expect(await slow.value == Array(0..<200))
        #expect(try await quick.value == Array(0..<200))
    }

    @Test(.timeLimit(.minutes(5))) func nobodyWaitsOnceTheTaskIsCancelled() async throws {
        let blocks = BlockRing(blocks: 1, capacity: 1, readers: 1)
        _ = await blocks.empty()
        let waiting = [
            Task { await blocks.empty() == nil }, Task { await blocks.next(for: 0) == nil },
        ]
        for task in waiting { task.cancel() }
        for task in waiting { #expect(await task.value) }
    }
}

@Suite struct GrowingFileTests {
    private let disk = Disk(of: "/", threads: BlockingThreads())

    @Test func whatGoesPastTheCacheIsWrittenLikeTheRest() throws {
        let scratch = try ScratchFolder()
        let path = "\(scratch.path)/above/it/file"
        let file = try GrowingFile(creating: path, on: disk)
        var expected: [UInt8] = []
        let bytes = ByteBlock(capacity: 8 << 20)
        // Beyond what is cached, and some that are no multiple of what a disk takes.
        for count in [8 << 20, 8 << 20, 8 << 20, 8 << 20, 8 << 20, 4_096, 8_192, 5_000, 4_096, 1] {
            let part = [UInt8](repeating: UInt8(expected.count >> 12 & 0xFF) ^ 1, count: count)
            bytes.removeAll()
            #expect(bytes.append(part[...]) == count)
            try file.write(bytes)
            expected += part
        }
        try file.synchronize()
        #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(expected))
    }

    @Test func diskThatIsFullIsTold() throws {
        let file = try GrowingFile(creating: "/dev/full", on: disk)
        let bytes = ByteBlock(capacity: 10)
        _ = bytes.append([1])
        #expect(throws: FileFault(code: ENOSPC)) { try file.write(bytes) }
    }
}
