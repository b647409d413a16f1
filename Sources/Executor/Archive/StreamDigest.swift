import Streams
import Subprocess
import Synchronization
import Threads

/// Computes the SHA-256 of an archive while it arrives, in parallel with other readers.
protocol StreamDigest: Sendable {
    /// Reads the blocks to their end and returns the hash in 64 hexadecimal digits.
    ///
    /// - Parameter reader: its number among the readers of the blocks.
    func hash(_ blocks: BlockRing, as reader: Int) async throws -> String
}

extension ArchivePrograms {
    /// A digest that uses the system's library; nil if there is none or it could not be loaded.
    func library(on threads: BlockingThreads) async -> (any StreamDigest)? {
        guard usesLibrary else { return nil }
        // Loading it reads files from a disk that may not answer.
        let library = try? await threads.run(for: "libcrypto", within: .seconds(10)) { _ in
            CryptoLibrary.shared
        }
        return library.flatMap { $0 }.map { LibraryDigest(library: $0, threads: threads) }
    }

    /// A digest that uses a program.
    var digest: any StreamDigest {
        ProgramDigest(runner: runner, program: hash.program, arguments: hash.arguments)
    }
}

/// Why there is no hash; a sentence.
struct DigestFailure: Error {
    let message: String
}

/// A digest that the system's library computes within this process.
struct LibraryDigest: StreamDigest {
    let library: CryptoLibrary
    let threads: BlockingThreads

    func hash(_ blocks: BlockRing, as reader: Int) async throws -> String {
        let hash = LibraryHash(library)
        do {
            while let block = await blocks.next(for: reader) {
                // This work occupies a processor, so it does not run in Swift's own thread pool.
                try await threads.run(for: Self.key, within: nil) { abandonment in
                    try blocks.read(block, as: reader, for: Self.turn, abandonment) { bytes in
                        unsafe bytes.withBytes { unsafe hash.add($0) }
                    }
                }
            }
        } catch is BlockingThreads.Failure {
            throw DigestFailure(
                message:
                    "The archive's hash could not be computed: the server has too much other work."
            )
        }
        return Self.text(hash.finish())
    }

    /// The key under which the threads count its calls.
    private static let key = "sha256"
    /// How long one call may take while others may wait.
    private static let turn = Duration.milliseconds(50)

    private static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A digest that a program computes, which gets the bytes through a pipe.
struct ProgramDigest: StreamDigest {
    let runner: CommandRunner
    /// A program that prints the hash of its input as the first word.
    let program: String
    let arguments: [String]

    func hash(_ blocks: BlockRing, as reader: Int) async throws -> String {
        let input = Input(blocks: blocks, reader: reader)
        let outcome = await runner.run(
            Command(
                program,
                arguments,
                environment: ["LC_ALL": "C"],
                name: "sha256",
                input: .stream,
                deadline: nil,
                outputLimit: 200
            ),
            input: input
        )
        if outcome.cancelled { throw CancellationError() }
        let id = String(decoding: outcome.output.prefix(64), as: UTF8.self)
        let hasReadAll = input.hasEnded.withLock { $0 }
        guard outcome.succeeded, hasReadAll, id.utf8.count == 64 else {
            let reason = outcome.succeeded ? "it has not read all of it" : outcome.failureText
            throw DigestFailure(
                message: "The archive's hash could not be computed by \(program): \(reason)."
            )
        }
        return id
    }

    private final class Input: ByteSource {
        let blocks: BlockRing
        let reader: Int
        /// Whether all bytes were passed on.
        let hasEnded = Mutex(false)

        init(blocks: BlockRing, reader: Int) {
            self.blocks = blocks
            self.reader = reader
        }

        func next() async throws -> [UInt8]? {
            guard let block = await blocks.next(for: reader) else {
                // If the program has ended early, the task is cancelled and nothing more is passed on.
                if !Task.isCancelled { hasEnded.withLock { $0 = true } }
                return nil
            }
            defer { blocks.done(block) }
            return unsafe block.bytes.withBytes { unsafe Array($0) }
        }
    }
}
