import Engine
import Glibc
import Numbers
import Streams
import Synchronization
import Threads

/// The content of a folder as a tar archive, made while it is read.
///
/// Every name begins with the destination. The folders above the destination have no entries: the engine
/// makes those that are missing and leaves the others as they are. The destination itself has an entry only
/// if its content does not belong to root.
final class ArchiveInput: SourceArchive {
    /// The number of bytes of the whole archive.
    let byteCount: Int64
    private let work: StepwiseWork<Making>
    private let source: SourceFolder
    private let stall: Duration
    private let told = Mutex(Told())

    /// The values that others may read while a step is blocked.
    private struct Told {
        var failure: SourceFolder.Unreadable?
        var taken: Int64 = 0
    }

    /// The index of the entry being read, for the error if a step is given up.
    private final class Place: Sendable {
        let index = Atomic(0)
    }

    private let place = Place()
    /// The first piece, if it was read ahead.
    private let first = Mutex<[UInt8]?>(nil)

    /// - Parameters:
    ///   - folder: the open folder of the source.
    ///   - headers: makes the headers, with the destination and the owner.
    ///   - stall: how long the folder's disk may take to answer.
    init(
        source: SourceFolder,
        folder: HeldDescriptor,
        headers: EntryHeaders,
        stall: Duration
    ) {
        self.source = source
        self.stall = stall
        byteCount = headers.byteCount(of: source.entries)
        work = StepwiseWork(
            Making(source: source, folder: folder, headers: headers),
            on: folder.disk
        )
    }

    /// Why the archive could not be completed; nil if there was no error.
    var failure: SourceFolder.Unreadable? { told.withLock { $0.failure } }

    /// The number of bytes of the archive that the command has taken.
    var taken: Int64 { told.withLock { $0.taken } }

    func accepted(_ count: Int) {
        told.withLock { $0.taken = $0.taken.addingSaturated(Int64(count)) }
    }

    /// Reads the first piece before it is requested. If that fails, the archive cannot be used.
    func readAhead() async {
        // The error is reported when the archive is read again in its stage.
        guard let piece = try? await next() else { return }
        first.withLock { $0 = piece }
    }

    /// Whether the first piece has been read ahead.
    var isReadAhead: Bool { first.withLock { $0 != nil } }

    func next() async throws -> [UInt8]? {
        if let piece = first.withLock({ $0.take() }) { return piece }
        do {
            return try await work.step(within: stall) { [place] making, abandonment in
                try making.chunk(abandonment) { place.index.store($0, ordering: .relaxed) }
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            let index = place.index.load(ordering: .relaxed)
            let path = index < source.entries.count ? source.entries[index].path : []
            let failure = SourceFolder.Unreadable(
                path: String(decoding: path, as: UTF8.self),
                error,
                stall
            )
            told.withLock { $0.failure = failure }
            throw failure
        }
    }
}

/// The state of an archive that is being made.
private struct Making: Sendable {
    let source: SourceFolder
    /// The folder below which the entries are opened.
    let folder: HeldDescriptor
    let headers: EntryHeaders
    var nextEntry = 0
    var open: Open?
    var hasBegun = false
    var hasEnded = false

    /// The file whose content comes next.
    struct Open: Sendable {
        let file: HeldDescriptor
        let size: Int64
        var left: Int64
    }

    /// The approximate number of bytes that are returned at once.
    private static let chunkSize = 524_288

    init(source: SourceFolder, folder: HeldDescriptor, headers: EntryHeaders) {
        self.source = source
        self.folder = folder
        self.headers = headers
    }

    /// The next bytes; nil at the end.
    mutating func chunk(
        _ abandonment: BlockingThreads.Abandonment,
        at place: (Int) -> Void
    ) throws -> [UInt8]? {
        guard !hasEnded else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.chunkSize + 4 * TarHeader.blockSize)
        if !hasBegun { headers.top(isEmpty: source.entries.isEmpty)?.write(to: &bytes) }
        hasBegun = true
        while bytes.count < Self.chunkSize {
            if abandonment.isAbandoned { throw CancellationError() }
            if open != nil {
                try read(into: &bytes)
            } else if nextEntry < source.entries.count {
                let entry = source.entries[nextEntry]
                place(nextEntry)
                nextEntry += 1
                headers.header(entry).write(to: &bytes)
                try begin(entry)
            } else {
                TarHeader.writeZeros(TarHeader.endSize, to: &bytes)
                hasEnded = true
                break
            }
        }
        return bytes
    }

    /// Opens the file that was collected, but not another one that has taken its place.
    private mutating func begin(_ entry: SourceFolder.Entry) throws {
        guard case .file(let size, let identity) = entry.kind, size > 0 else { return }
        let file = try folder.open(entry.path, O_RDONLY)
        let facts = try FileFacts(of: file)
        guard facts.kind == .file else {
            throw SourceFolder.Unreadable(path: entry.path, reason: "it is not a file any more")
        }
        guard facts.identity == identity else {
            throw SourceFolder.Unreadable(path: entry.path, reason: "another file has its name now")
        }
        open = Open(file: file, size: size, left: size)
    }

    /// Continues to read the open file, and pads its last block.
    private mutating func read(into bytes: inout [UInt8]) throws {
        guard var current = open else { return }
        let room = Int64(max(TarHeader.blockSize, Self.chunkSize - bytes.count))
        let count = try current.file.read(Int(min(current.left, room)), into: &bytes)
        guard count > 0 else {
            throw SourceFolder.Unreadable(
                path: source.entries[nextEntry - 1].path,
                reason: "it became shorter while it was copied"
            )
        }
        current.left -= Int64(count)
        guard current.left == 0 else {
            open = current
            return
        }
        open = nil
        current.file.close()
        TarHeader.writeZeros(TarHeader.padding(after: current.size), to: &bytes)
    }
}
