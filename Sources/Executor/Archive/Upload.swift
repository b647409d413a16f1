import Foundation
import Glibc
import Streams
import Synchronization

/// An archive that is being sent: what comes is written into a file, and handed on to be hashed.
final class Upload: ByteSource {
    let path: String
    private let disk: Disk
    private let stall: Duration
    private let content: @Sendable () async throws -> [UInt8]?
    private let makeRoom: @Sendable (Int64) async -> Bool
    private let state = Mutex(State())
    private let writing: StepwiseWork<Writing>

    private struct State {
        var count: Int64 = 0
        var beginning: [UInt8] = []
        var failure: ArchiveStore.Refusal?
        /// For how many bytes room was asked.
        var reserved: Int64 = 0
        /// The last piece, on its way into the file.
        var writing: Task<Void, any Error>?
    }

    /// Where the file is now. Locked by calls on the disk alone, which may wait for it.
    private let place = Mutex<String?>(nil)

    private struct Writing: Sendable {
        /// Closed with the last reference.
        var file: OwnedFile?
    }

    /// - Parameter makeRoom: whether there is room for so many bytes more.
    init(
        path: String,
        disk: Disk,
        stall: Duration,
        _ content: @escaping @Sendable () async throws -> [UInt8]?,
        makeRoom: @escaping @Sendable (Int64) async -> Bool
    ) {
        self.path = path
        self.disk = disk
        self.stall = stall
        self.content = content
        self.makeRoom = makeRoom
        writing = StepwiseWork(Writing(), on: disk)
    }

    /// For how many bytes room was asked.
    var reserved: Int64 { state.withLock { $0.reserved } }
    /// The bytes so far.
    var count: Int64 { state.withLock { $0.count } }
    /// The first of them, by which a packed archive is known.
    var beginning: [UInt8] { state.withLock { $0.beginning } }
    var failure: ArchiveStore.Refusal? { state.withLock { $0.failure } }

    func next() async throws -> [UInt8]? {
        let piece: [UInt8]?
        do {
            piece = try await content()
        } catch {
            throw fail(.brokenOff)
        }
        guard let piece else {
            guard count > 0 else { throw fail(.refused("The request has no content.")) }
            try await written()
            return nil
        }
        state.withLock { state in
            state.count += Int64(piece.count)
            if state.beginning.count < 4 { state.beginning += piece.prefix(4) }
        }
        try await haveRoom()
        try await written()
        // Written while this piece is hashed, and the next one comes.
        let write = Task { try await self.write(piece) }
        state.withLock { $0.writing = write }
        return piece
    }

    /// Sees that there is room for what has come; asked for in larger steps.
    private func haveRoom() async throws {
        let missing = state.withLock { state -> Int64 in
            guard state.count > state.reserved else { return 0 }
            let more = max(state.count - state.reserved, min(Self.step, state.count / 8))
            state.reserved += more
            return more
        }
        guard missing > 0 else { return }
        guard await makeRoom(missing) else { throw fail(.full) }
    }

    /// How much room is asked for at once, at most.
    private static let step: Int64 = 4 << 20

    /// Waits until what came before is in the file.
    private func written() async throws {
        guard let writing = state.withLock({ $0.writing.take() }) else { return }
        do {
            try await withTaskCancellationHandler {
                try await writing.value
            } onCancel: {
                writing.cancel()
            }
        } catch let fault as FileFault where [ENOSPC, EDQUOT].contains(fault.code) {
            throw fail(.full)
        } catch {
            throw fail(.failed(Self.message(error)))
        }
    }

    private func write(_ piece: [UInt8]) async throws {
        try await writing.step(within: stall) { [self] writing, _ in
            if writing.file == nil {
                place.withLock { $0 = path }
                writing.file = try OwnedFile(creating: path)
            }
            try writing.file?.write(piece)
        }
    }

    private func fail(_ refusal: ArchiveStore.Refusal) -> any Error {
        state.withLock { $0.failure = refusal }
        return refusal
    }

    /// Gives the file another name.
    ///
    /// - Parameter isKept: whether it stays there.
    func rename(to new: String, isKept: Bool = false) async throws {
        try await disk.run(within: stall) { [self] _ in
            // Whoever does not wait for it any more removes what there is then.
            try place.withLock { place in
                guard unsafe Glibc.rename(place ?? path, new) == 0 else {
                    throw FileFault(code: errno)
                }
                place = isKept ? nil : new
            }
        }
    }

    /// Puts the file where it stays, once all of it is on the disk.
    func settle(at place: String) async throws {
        try await writing.step(within: stall) { writing, _ in
            try writing.file?.synchronize()
            writing.file = nil
        }
        try await rename(to: place, isKept: true)
    }

    /// Takes the file away, unless it was put where it stays.
    func discard() async {
        // What is still on its way makes the file once more.
        _ = await state.withLock { $0.writing.take() }?.result
        disk.perform { [self] in
            place.withLock { place in
                guard let there = place else { return }
                unsafe _ = unlink(there)
                place = nil
            }
        }
    }

    static func message(_ error: any Error) -> String {
        switch error {
        case let fault as FileFault:
            "The archive could not be written: \(fault.reason)."
        default: "The archive could not be written: the disk of the data folder does not answer."
        }
    }
}

/// A file that is being written. Closed with its last reference.
private final class OwnedFile: Sendable {
    private let number: Int32

    /// Makes it, and the folder above it.
    init(creating path: String) throws {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        number = unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard number >= 0 else { throw FileFault(code: errno) }
    }

    deinit { close(number) }

    func write(_ bytes: [UInt8]) throws(FileFault) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.write(
                    number,
                    buffer.baseAddress.map { unsafe $0 + done },
                    buffer.count - done
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileFault(code: errno) }
            done += count
        }
    }

    func synchronize() throws(FileFault) {
        guard fdatasync(number) == 0 else { throw FileFault(code: errno) }
    }
}
