import Glibc
import Numbers
import Streams
public import Subprocess
import Synchronization
import Threads

/// An archive in a file of the server.
struct ArchiveFile: Sendable {
    let path: String
    let packing: Packing
    let disk: Disk
    let programs: ArchivePrograms
    /// How long the file's disk, or the program that unpacks it, may take to answer.
    let stall: Duration

    /// How the tar archive is packed.
    enum Packing: String, Sendable, CaseIterable {
        case none = "tar"
        /// RFC 1952.
        case gzip = "tar.gz"
        /// RFC 8878.
        case zstd = "tar.zst"

        /// Recognizes the packing by the first bytes of the file.
        init(beginning bytes: some Collection<UInt8>) {
            if bytes.starts(with: [0x1F, 0x8B]) {
                self = .gzip
            } else if bytes.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) {
                self = .zstd
            } else {
                self = .none
            }
        }
    }

    /// The unpacked bytes of the archive.
    func bytes() -> any UnpackedBytes {
        switch packing {
        case .none: PlainBytes(self)
        case .gzip: ProgramBytes(self, programs.gzip, "gzip")
        case .zstd: ProgramBytes(self, programs.zstd, "zstd")
        }
    }
}

/// The programs that read archives, and the runner for them.
public struct ArchivePrograms: Sendable {
    let runner: CommandRunner
    let gzip: String
    let zstd: String
    /// Whether archives are hashed by the system's library if it is available.
    var usesLibrary = true
    /// A program that prints the SHA-256 of its input, in hexadecimal digits, as the first word.
    var hash: (program: String, arguments: [String])

    /// - Parameter path: the folders in which the programs are searched for; nil for the usual ones.
    public init(_ runner: CommandRunner, path: String?) {
        self.runner = runner
        gzip = Command.locate("gzip", in: path)
        zstd = Command.locate("zstd", in: path)
        // openssl uses special instructions of the processor, which sha256sum may not do.
        let openssl = Command.locate("openssl", in: path)
        hash =
            openssl.hasPrefix("/")
            ? (openssl, ["dgst", "-sha256", "-r"])
            : (Command.locate("sha256sum", in: path), [])
    }
}

/// The unpacked bytes of a tar archive, one piece after the other.
protocol UnpackedBytes: Sendable {
    /// The next piece; nil at the end.
    func next() async throws -> [UInt8]?
    /// Skips bytes if they need not be read for that; returns how many it has skipped.
    func skip(_ count: Int64) async throws -> Int64
}

/// Why an archive could not be unpacked; a sentence without subject and full stop.
struct UnpackingFailure: Error {
    let reason: String
    var isStalled = false
    /// Whether the failure is the server's and not the archive's.
    var isOwn = false
}

/// The bytes of a file that is not packed.
private final class PlainBytes: UnpackedBytes {
    private let file: ArchiveFile
    private let reading: StepwiseWork<Reading>

    private struct Reading: Sendable {
        var descriptor: HeldDescriptor?
        let size: Int64
        var offset: Int64 = 0
    }

    /// The number of bytes that are read at once.
    private static let piece = 524_288

    init(_ file: ArchiveFile) {
        self.file = file
        reading = StepwiseWork(Reading(size: 0), on: file.disk)
    }

    func next() async throws -> [UInt8]? {
        let path = file.path
        let disk = file.disk
        return try await reading.step(within: file.stall) { reading, _ in
            // The file is the server's own, and the path of the data folder may contain links.
            if reading.descriptor == nil { reading.descriptor = try .file(path, disk) }
            var bytes: [UInt8] = []
            let count = try reading.descriptor?.read(
                Self.piece,
                at: reading.offset,
                into: &bytes
            )
            reading.offset += Int64(count ?? 0)
            return count == 0 ? nil : bytes
        }
    }

    func skip(_ count: Int64) async throws -> Int64 {
        try await reading.step(within: file.stall) { reading, _ in
            reading.offset = reading.offset.addingSaturated(count)
        }
        return count
    }
}

/// The bytes that a program unpacks from a file.
private final class ProgramBytes: UnpackedBytes {
    private let file: ArchiveFile
    private let program: String
    private let name: String
    private let flow = OutputFlow(limit: 1 << 20)
    private let pieces: AsyncThrowingStream<[UInt8], any Error>
    private let end: AsyncThrowingStream<[UInt8], any Error>.Continuation
    /// The task that runs the program. It is ended with this object.
    private let task = Mutex<Task<Void, Never>?>(nil)
    /// The size of the last piece. It counts as processed once the next piece is requested.
    private let given = Mutex(0)

    init(_ file: ArchiveFile, _ program: String, _ name: String) {
        self.file = file
        self.program = program
        self.name = name
        (pieces, end) = AsyncThrowingStream.makeStream()
    }

    deinit {
        task.withLock { $0 }?.cancel()
    }

    func next() async throws -> [UInt8]? {
        begin()
        let dealt = given.withLock { given in
            defer { given = 0 }
            return given
        }
        flow.took(dealt)
        let answer = Mutex<Bool>(false)
        let task = task.withLock { $0 }
        let alarm = Alarm(after: file.stall) {
            answer.withLock { $0 = true }
            task?.cancel()
        }
        defer { alarm.cancel() }
        for try await piece in pieces {
            given.withLock { $0 = piece.count }
            return piece
        }
        try Task.checkCancellation()
        if answer.withLock({ $0 }) {
            throw UnpackingFailure(
                reason: "cannot be read: \(name) has made no progress for"
                    + " \(file.stall.components.seconds) s",
                isStalled: true,
                isOwn: true
            )
        }
        return nil
    }

    func skip(_ count: Int64) async throws -> Int64 { 0 }

    private func begin() {
        task.withLock { task in
            guard task == nil else { return }
            let command = Command(
                program,
                ["-dc", "--", file.path],
                environment: ["LC_ALL": "C"],
                name: name,
                deadline: nil,
                outputLimit: 0
            )
            let (runner, end, flow, name) = (file.programs.runner, end, flow, name)
            task = Task {
                let outcome = await runner.run(command, onOutput: { end.yield($0) }, flow: flow)
                if outcome.succeeded || outcome.cancelled {
                    end.finish()
                } else {
                    end.finish(throwing: UnpackingFailure(outcome, of: name))
                }
            }
        }
    }
}

extension UnpackingFailure {
    fileprivate init(_ outcome: CommandOutcome, of name: String) {
        self.init(reason: "cannot be unpacked by \(name): \(outcome.failureText)")
        if case .notStarted = outcome.termination { isOwn = true }
    }
}
