import Glibc
import Sockets
import Streams
import Synchronization
import Threads

/// An archive that is being received: its bytes are written to a file and hashed while further bytes
/// arrive.
final class Upload: Sendable {
    let path: String
    private let disk: Disk
    private let stall: Duration
    private let content: @Sendable (ByteBlock) async throws -> Void
    private let makeRoom: @Sendable (Int64) async -> Bool
    private let state = Mutex(State())
    private let writing: StepwiseWork<Writing>

    private struct State {
        var count: Int64 = 0
        var beginning: [UInt8] = []
        /// The number of bytes for which room was requested.
        var reserved: Int64 = 0
        var files: Result<Int, any Error>?
    }

    /// Where the file is now. Only calls on the disk lock it, since the lock is held while the disk may
    /// block.
    private let place = Mutex(Place.nowhere)

    private enum Place {
        case nowhere
        case at(String)
        /// The file was removed, or has its final name. A call that nobody waits for any more must not
        /// create it again.
        case settled
    }

    private struct Writing: Sendable {
        /// The file is closed with the last reference to it.
        var file: GrowingFile?
        /// The check of the entries; nil if the archive is packed.
        var entries: EntryCheck?
    }

    /// - Parameters:
    ///   - content: fills a block completely with the next bytes; only the last block is left with room in
    ///     it.
    ///   - makeRoom: returns whether there is room for this many more bytes.
    init(
        path: String,
        disk: Disk,
        stall: Duration,
        _ content: @escaping @Sendable (ByteBlock) async throws -> Void,
        makeRoom: @escaping @Sendable (Int64) async -> Bool
    ) {
        self.path = path
        self.disk = disk
        self.stall = stall
        self.content = content
        self.makeRoom = makeRoom
        writing = StepwiseWork(Writing(), on: disk)
    }

    /// The number of bytes for which room was requested.
    var reserved: Int64 { state.withLock { $0.reserved } }
    /// The number of bytes received so far.
    var count: Int64 { state.withLock { $0.count } }
    /// How the archive is packed, known once the first bytes have arrived.
    var packing: ArchiveFile.Packing {
        ArchiveFile.Packing(beginning: state.withLock { $0.beginning })
    }
    /// The number of files and links in it, or why it is refused; nil if it is packed.
    var files: Result<Int, any Error>? { state.withLock { $0.files } }

    // MARK: Receiving

    /// The size is so large that the cost of handing a block on does not matter. While one block is written
    /// and hashed, the other one is filled. More blocks are not faster, because bytes that are not read
    /// wait in the socket.
    private static let blockSize = 768 << 10
    private static let blockCount = 2

    /// How long one step writes; then others that wait for the same disk get their turn.
    private static let turn = Duration.milliseconds(50)

    /// Receives the whole archive and returns its hash.
    ///
    /// - Parameter limits: the limits for its content, if it is not packed.
    func receive(
        _ digest: any StreamDigest,
        within limits: TarReader.Limits
    ) async throws(ArchiveStore.Refusal) -> String {
        let blocks = BlockRing(blocks: Self.blockCount, capacity: Self.blockSize, readers: 2)
        do {
            try EventLoop.start()
            return try await withThrowingTaskGroup(of: String?.self) { group in
                // The bytes arrive on the event loop's thread, from where a block is handed on at once.
                group.addTask { try await EventLoop.preferred { try await self.fill(blocks) } }
                group.addTask { try await self.write(blocks, as: 0, within: limits) }
                group.addTask { try await digest.hash(blocks, as: 1) }
                var hash: String?
                for try await result in group { hash = result ?? hash }
                try Task.checkCancellation()
                guard let hash else { throw CancellationError() }
                return hash
            }
        } catch {
            throw Self.refusal(error)
        }
    }

    private func fill(_ blocks: BlockRing) async throws -> String? {
        while let block = await blocks.empty() {
            do {
                try await content(block.bytes)
            } catch {
                throw ArchiveStore.Refusal.brokenOff
            }
            let came = block.bytes.count
            let count = state.withLock { state in
                state.count += Int64(came)
                if state.beginning.isEmpty {
                    state.beginning = unsafe block.bytes.withBytes { unsafe Array($0.prefix(4)) }
                }
                return state.count
            }
            guard count > 0 else {
                throw ArchiveStore.Refusal.refused("The request has no content.")
            }
            try await haveRoom()
            let isLast = block.bytes.room > 0
            if came > 0 { blocks.handOn(block) }
            if isLast {
                blocks.finish()
                return nil
            }
        }
        throw CancellationError()
    }

    /// Makes sure that there is room for the bytes that have arrived. Room is requested in larger steps.
    private func haveRoom() async throws {
        let missing = state.withLock { state -> Int64 in
            guard state.count > state.reserved else { return 0 }
            let more = max(state.count - state.reserved, min(Self.step, state.count / 8))
            state.reserved += more
            return more
        }
        guard missing > 0 else { return }
        // This runs in Swift's own thread pool, because it may have to look through all archives.
        let hasRoom = await withTaskExecutorPreference(globalConcurrentExecutor) {
            await makeRoom(missing)
        }
        guard hasRoom else { throw ArchiveStore.Refusal.full }
    }

    /// The maximum number of bytes for which room is requested at once.
    private static let step: Int64 = 4 << 20

    private func write(
        _ blocks: BlockRing,
        as reader: Int,
        within limits: TarReader.Limits
    ) async throws -> String? {
        while let block = await blocks.next(for: reader) {
            try await writing.step(within: stall) { [self] writing, abandonment in
                if writing.file == nil {
                    writing.file = try makeFile()
                    if packing == .none { writing.entries = EntryCheck(within: limits) }
                }
                try blocks.read(block, as: reader, for: Self.turn, abandonment) { bytes in
                    try writing.file?.write(bytes)
                    writing.entries?.read(bytes)
                }
            }
        }
        let files = try await writing.step(within: stall) { writing, _ in
            writing.entries.take()?.finish()
        }
        state.withLock { $0.files = files }
        return nil
    }

    // MARK: The file

    private func makeFile() throws -> GrowingFile {
        try place.withLock { place in
            if case .settled = place { throw CancellationError() }
            place = .at(path)
            // A packed archive is read again at once by the programs that unpack it.
            return try GrowingFile(creating: path, on: disk, goesPastCache: packing == .none)
        }
    }

    /// Renames the file.
    ///
    /// - Parameter isKept: whether this is its final name.
    func rename(to new: String, isKept: Bool = false) async throws {
        try await disk.run(within: stall) { [self] _ in
            // A caller that does not wait any longer removes the file that it finds then.
            try place.withLock { place in
                guard case .at(let old) = place else { throw CancellationError() }
                guard unsafe Glibc.rename(old, new) == 0 else { throw FileFault(code: errno) }
                place = isKept ? .settled : .at(new)
            }
        }
    }

    /// Gives the file its final name once all of it is on the disk.
    func settle(at place: String) async throws {
        try await writing.step(within: stall) { writing, _ in
            try writing.file?.synchronize()
            writing.file = nil
        }
        try await rename(to: place, isKept: true)
    }

    /// Removes the file unless it has its final name.
    func discard() {
        disk.perform { [self] in
            place.withLock { place in
                if case .at(let there) = place { unsafe _ = unlink(there) }
                place = .settled
            }
        }
    }

    /// Turns an error into what the client is answered.
    static func refusal(_ error: any Error) -> ArchiveStore.Refusal {
        switch error {
        case let refusal as ArchiveStore.Refusal: refusal
        case is CancellationError: .brokenOff
        case let failure as DigestFailure: .failed(failure.message)
        case let fault as FileFault where [ENOSPC, EDQUOT].contains(fault.code): .full
        case let fault as FileFault: .failed("The archive could not be written: \(fault.reason).")
        case is BlockingThreads.Failure:
            .failed(
                "The archive could not be written: the disk of the data folder does not answer."
            )
        default: .failed("The archive could not be received: \(error).")
        }
    }
}

/// The check of an archive's entries while it arrives. An archive that is refused is still received to its
/// end, because a client does not read the answer while it sends.
private enum EntryCheck: Sendable {
    case listing(ArchiveListing)
    /// The number of files and links, or why the archive is refused.
    case found(Result<Int, any Error>)

    init(within limits: TarReader.Limits) {
        self = .listing(ArchiveListing(within: limits, keepsEntries: false))
    }

    mutating func read(_ block: ByteBlock) {
        guard case .listing(var listing) = self else { return }
        // The listing must have only one owner, so that it is extended in place and not copied.
        self = .found(.success(0))
        do {
            try unsafe block.withBytes { try unsafe listing.read(passing: $0) }
            self = listing.isAtEnd ? .found(Self.count(listing)) : .listing(listing)
        } catch {
            self = .found(.failure(error))
        }
    }

    /// The number of files and links, or why the archive is refused, once there are no more bytes.
    consuming func finish() -> Result<Int, any Error> {
        switch self {
        case .listing(let listing): Self.count(listing)
        case .found(let result): result
        }
    }

    private static func count(_ listing: ArchiveListing) -> Result<Int, any Error> {
        Result {
            try listing.finish()
            return listing.fileCount
        }
    }
}
