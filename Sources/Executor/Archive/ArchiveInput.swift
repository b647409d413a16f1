import Engine
import Glibc
import Numbers
import Streams
import Synchronization
import Threads

/// A folder's content as a tar archive, made as it is asked for.
///
/// Every name begins with the destination, and the folders above it have no entry of their own:
/// the engine makes those that are missing and leaves the others as they are. Nor has the destination,
/// unless somebody else than root is to own what is in it.
final class ArchiveInput: ByteSource {
    /// The bytes of the whole archive.
    let byteCount: Int64
    private let work: StepwiseWork<Making>
    private let source: SourceFolder
    private let stall: Duration
    private let told = Mutex(Told())

    /// What others may ask for while a step is held up.
    private struct Told {
        var failure: SourceFolder.Unreadable?
        var taken: Int64 = 0
    }

    /// Which entry is read, for whoever gives up a step.
    private final class Place: Sendable {
        let index = Atomic(0)
    }

    private let place = Place()
    /// The first piece, read before it was asked for.
    private let first = Mutex<[UInt8]?>(nil)

    /// - Parameters:
    ///   - destination: the path at which the content lands, below the folder in which the archive is
    ///     extracted.
    ///   - owner: whose everything is.
    ///   - stall: how long the folder's disk may keep silent.
    init(
        source: SourceFolder,
        destination: String,
        owner: FileOwner = .root,
        stall: Duration
    ) {
        self.source = source
        self.stall = stall
        let making = Making(source: source, destination: destination, owner: owner)
        byteCount = making.byteCount
        work = StepwiseWork(making, on: source.folder.disk)
    }

    /// Why the archive broke off, where it did.
    var failure: SourceFolder.Unreadable? { told.withLock { $0.failure } }

    /// Bytes of the archive that the command has taken.
    var taken: Int64 { told.withLock { $0.taken } }

    func accepted(_ count: Int) {
        told.withLock { $0.taken = $0.taken.addingSaturated(Int64(count)) }
    }

    /// Reads the first piece before it is asked for. Where that fails, the archive is of no use.
    func readAhead() async {
        // The one that is read in its stage tells what is wrong.
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

/// The making of an archive: how far it has come.
private struct Making: Sendable {
    let source: SourceFolder
    /// The destination, without leading slash.
    let prefix: [UInt8]
    let owner: FileOwner
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

    /// About how many bytes are handed over at once.
    private static let chunkSize = 524_288

    init(source: SourceFolder, destination: String, owner: FileOwner) {
        self.source = source
        self.owner = owner
        prefix = Array(
            destination.utf8.split(separator: UInt8(ascii: "/")).joined(separator: [0x2F])
        )
    }

    var byteCount: Int64 {
        var sum = Int64(TarHeader.endSize)
        if let top { sum += Int64(top.byteCount) }
        for entry in source.entries {
            sum = sum.addingSaturated(Int64(header(entry).byteCount))
            sum = sum.addingSaturated(entry.size)
            sum = sum.addingSaturated(Int64(TarHeader.padding(after: entry.size)))
        }
        return sum
    }

    /// The next bytes; nil at the end.
    mutating func chunk(
        _ abandonment: BlockingThreads.Abandonment,
        at place: (Int) -> Void
    ) throws -> [UInt8]? {
        guard !hasEnded else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.chunkSize + 4 * TarHeader.blockSize)
        if !hasBegun { top?.write(to: &bytes) }
        hasBegun = true
        while bytes.count < Self.chunkSize {
            if abandonment.isAbandoned { throw CancellationError() }
            if open != nil {
                try read(into: &bytes)
            } else if nextEntry < source.entries.count {
                let entry = source.entries[nextEntry]
                place(nextEntry)
                nextEntry += 1
                header(entry).write(to: &bytes)
                try begin(entry)
            } else {
                TarHeader.writeZeros(TarHeader.endSize, to: &bytes)
                hasEnded = true
                break
            }
        }
        return bytes
    }

    /// Opens the file that was collected, and no other that has come into its place.
    private mutating func begin(_ entry: SourceFolder.Entry) throws {
        guard case .file(let size, let identity) = entry.kind, size > 0 else { return }
        let file = try source.folder.open(entry.path, O_RDONLY)
        let facts = try FileFacts(of: file)
        guard facts.kind == .file else {
            throw SourceFolder.Unreadable(path: entry.path, reason: "it is no file any more")
        }
        guard facts.identity == identity else {
            throw SourceFolder.Unreadable(path: entry.path, reason: "another file has its name now")
        }
        open = Open(file: file, size: size, left: size)
    }

    /// Reads on in the open file, and fills its last block.
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

    private func header(_ entry: SourceFolder.Entry) -> TarHeader {
        let path = prefix.isEmpty ? entry.path : prefix + [UInt8(ascii: "/")] + entry.path
        return switch entry.kind {
        case .file(let size, _):
            TarHeader(
                path: path,
                kind: .file,
                size: size,
                mode: entry.mode,
                modified: entry.modified,
                owner: owner
            )
        case .folder:
            TarHeader(
                path: path,
                kind: .folder,
                mode: entry.mode,
                modified: entry.modified,
                owner: owner
            )
        case .link(let target):
            TarHeader(
                path: path,
                kind: .link,
                mode: 0o777,
                modified: entry.modified,
                target: target,
                owner: owner
            )
        }
    }

    /// The destination's own entry, where it has one.
    private var top: TarHeader? {
        let isOwned = owner != .root && !Self.systemFolders.contains(prefix)
        guard isOwned || source.entries.isEmpty && !prefix.isEmpty else { return nil }
        let path = prefix.isEmpty ? [UInt8(ascii: ".")] : prefix
        return TarHeader(path: path, kind: .folder, mode: 0o755, modified: 0, owner: owner)
    }

    /// The folders of an image that are not for one program alone (Filesystem Hierarchy Standard).
    private static let systemFolders = Set(
        [
            "bin", "boot", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "root", "run",
            "sbin", "srv", "tmp", "usr", "usr/bin", "usr/lib", "usr/local", "usr/local/bin",
            "usr/local/lib", "usr/sbin", "usr/share", "usr/src", "var", "var/cache", "var/lib",
            "var/log", "var/run", "var/tmp",
        ].map { Array($0.utf8) }
    )
}
