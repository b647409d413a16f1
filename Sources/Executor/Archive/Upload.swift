import Glibc
import Sockets
import Streams
import Synchronization
import Threads

/// An archive that is being sent: what comes is written into a file and hashed, while the next comes.
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
        /// For how many bytes room was asked.
        var reserved: Int64 = 0
        var files: Result<Int, any Error>?
    }

    /// Where the file is now. Locked by calls on the disk alone, which may wait for it.
    private let place = Mutex(Place.nowhere)

    private enum Place {
        case nowhere
        case at(String)
        /// It was taken away, or stays where it is. A call that nobody waits for any more makes none again.
        case settled
    }

    private struct Writing: Sendable {
        /// Closed with the last reference.
        var file: GrowingFile?
        /// Of an archive that is not packed.
        var entries: EntryCheck?
    }

    /// - Parameters:
    ///   - content: fills a block up with the next bytes; there is room left in it at the end alone.
    ///   - makeRoom: whether there is room for so many bytes more.
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

    /// For how many bytes room was asked.
    var reserved: Int64 { state.withLock { $0.reserved } }
    /// The bytes so far.
    var count: Int64 { state.withLock { $0.count } }
    /// Known once the first of them are there.
    var packing: ArchiveFile.Packing {
        ArchiveFile.Packing(beginning: state.withLock { $0.beginning })
    }
    /// How many files and links are in it, or why it is refused; nil where it is packed.
    var files: Result<Int, any Error>? { state.withLock { $0.files } }

    // MARK: Receiving

    /// So large that what it costs to hand a block on does not count. While one is written and hashed the
    /// other is filled; more of them are no faster, as what is not taken waits in the socket.
    private static let blockSize = 768 << 10
    private static let blockCount = 2

    /// For how long one step writes: whoever waits for the same disk has a turn after it.
    private static let turn = Duration.milliseconds(50)

    /// Takes all of it in; gives its hash.
    ///
    /// - Parameter limits: what it may hold, if it is not packed.
    func receive(
        _ digest: any StreamDigest,
        within limits: TarReader.Limits
    ) async throws(ArchiveStore.Refusal) -> String {
        let blocks = BlockRing(blocks: Self.blockCount, capacity: Self.blockSize, readers: 2)
        do {
            try EventLoop.start()
            return try await withThrowingTaskGroup(of: String?.self) { group in
                // The bytes come to the event loop's thread: from there a block is handed on at once.
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

    /// Sees that there is room for what has come; asked for in larger steps.
    private func haveRoom() async throws {
        let missing = state.withLock { state -> Int64 in
            guard state.count > state.reserved else { return 0 }
            let more = max(state.count - state.reserved, min(Self.step, state.count / 8))
            state.reserved += more
            return more
        }
        guard missing > 0 else { return }
        // This is work for Swift's own pool: it may have to look at every archive.
        let hasRoom = await withTaskExecutorPreference(globalConcurrentExecutor) {
            await makeRoom(missing)
        }
        guard hasRoom else { throw ArchiveStore.Refusal.full }
    }

    /// How much room is asked for at once, at most.
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
            // What is packed is read again at once, by programs.
            return try GrowingFile(creating: path, on: disk, goesPastCache: packing == .none)
        }
    }

    /// Gives the file another name.
    ///
    /// - Parameter isKept: whether it stays there.
    func rename(to new: String, isKept: Bool = false) async throws {
        try await disk.run(within: stall) { [self] _ in
            // Whoever does not wait for it any more removes what there is then.
            try place.withLock { place in
                guard case .at(let old) = place else { throw CancellationError() }
                guard unsafe Glibc.rename(old, new) == 0 else { throw FileFault(code: errno) }
                place = isKept ? .settled : .at(new)
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
    func discard() {
        disk.perform { [self] in
            place.withLock { place in
                if case .at(let there) = place { unsafe _ = unlink(there) }
                place = .settled
            }
        }
    }

    /// What the client is told of an error.
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
        default: .failed("The archive could not be taken in: \(error).")
        }
    }
}

/// The check of an archive's entries while it comes. It is taken in to its end all the same where one is
/// refused: a client that still sends does not read why.
private enum EntryCheck: Sendable {
    case listing(ArchiveListing)
    /// How many files and links there are, or why it is refused.
    case found(Result<Int, any Error>)

    init(within limits: TarReader.Limits) {
        self = .listing(ArchiveListing(within: limits, keepsEntries: false))
    }

    mutating func read(_ block: ByteBlock) {
        guard case .listing(var listing) = self else { return }
        // There is one of what has been read, which is added to, and none once that is known.
        self = .found(.success(0))
        do {
            try unsafe block.withBytes { try unsafe listing.read(passing: $0) }
            self = listing.isAtEnd ? .found(Self.count(listing)) : .listing(listing)
        } catch {
            self = .found(.failure(error))
        }
    }

    /// How many files and links there are, or why it is refused, once there are no more bytes.
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
