import Numbers
import Streams
import Synchronization

/// An archive that was sent, in the form in which it goes into a container: with paths in the container,
/// and without the entries that `.dockerignore` excludes. It is made while it is read and never written to
/// the disk.
final class RepackedArchive: SourceArchive {
    let byteCount: Int64
    private let stall: Duration
    private let repacking: Repacking
    private let told = Mutex(Told())
    /// The first piece, if it was read ahead.
    private let first = Mutex<[UInt8]?>(nil)

    private struct Told {
        var failure: SourceFolder.Unreadable?
        var taken: Int64 = 0
    }

    init(
        source: SourceFolder,
        file: ArchiveFile,
        headers: EntryHeaders,
        stall: Duration
    ) {
        byteCount = headers.byteCount(of: source.entries)
        self.stall = stall
        repacking = Repacking(source.entries, file.bytes(), headers)
    }

    var failure: SourceFolder.Unreadable? { told.withLock { $0.failure } }
    var taken: Int64 { told.withLock { $0.taken } }
    var isReadAhead: Bool { first.withLock { $0 != nil } }

    func accepted(_ count: Int) {
        told.withLock { $0.taken = $0.taken.addingSaturated(Int64(count)) }
    }

    func readAhead() async {
        // The error is reported when the archive is read again in its stage.
        guard let piece = try? await next() else { return }
        first.withLock { $0 = piece }
    }

    func next() async throws -> [UInt8]? {
        if let piece = first.withLock({ $0.take() }) { return piece }
        do {
            return try await repacking.chunk()
        } catch let error as CancellationError {
            throw error
        } catch {
            let failure = SourceFolder.Unreadable(archive: error, stall)
            told.withLock { $0.failure = failure }
            throw failure
        }
    }
}

/// Makes the new archive from the old one.
private actor Repacking {
    private let entries: [SourceFolder.Entry]
    /// Released at the end, together with the program that unpacks it.
    private var bytes: (any UnpackedBytes)?
    private let headers: EntryHeaders
    // The archive was checked when it was listed. Here it only has to be the same.
    private var reader = TarReader(limits: TarReader.Limits(entries: .max))
    /// The index of the next entry to be copied.
    private var next = 0
    /// Whether the content being read is copied.
    private var copies = false
    private var left: Int64 = 0
    private var hasBegun = false
    private var hasEnded = false

    /// The approximate number of bytes that are returned at once.
    private static let chunkSize = 524_288

    init(_ entries: [SourceFolder.Entry], _ bytes: any UnpackedBytes, _ headers: EntryHeaders) {
        self.entries = entries
        self.bytes = bytes
        self.headers = headers
    }

    /// The next bytes; nil at the end.
    func chunk() async throws -> [UInt8]? {
        guard !hasEnded else { return nil }
        var chunk: [UInt8] = []
        if !hasBegun { headers.top(isEmpty: entries.isEmpty)?.write(to: &chunk) }
        hasBegun = true
        while chunk.count < Self.chunkSize {
            try Task.checkCancellation()
            guard next < entries.count || left > 0, let piece = try await bytes?.next() else {
                guard next == entries.count, left == 0 else {
                    throw UnpackingFailure(reason: "has changed since it was checked")
                }
                TarHeader.writeZeros(TarHeader.endSize, to: &chunk)
                hasEnded = true
                bytes = nil
                return chunk
            }
            try reader.feed(piece[...]) { try take($0, &chunk) }
            guard reader.isInContent, !copies else { continue }
            let passed = try await bytes?.skip(reader.remaining) ?? 0
            if passed > 0 { reader.pass(passed) }
        }
        return chunk
    }

    private func take(_ piece: TarReader.Piece, _ chunk: inout [UInt8]) throws {
        switch piece {
        case .content(let content):
            guard copies else { return }
            chunk += content
            left -= Int64(content.count)
            guard left == 0, case .file(let size, _) = entries[next - 1].kind else { return }
            TarHeader.writeZeros(TarHeader.padding(after: size), to: &chunk)
        case .entry(let entry):
            copies = next < entries.count && entries[next].path == entry.path
            guard copies else { return }
            guard entries[next] == SourceFolder.Entry(entry) else {
                throw UnpackingFailure(reason: "has changed since it was checked")
            }
            headers.header(entries[next]).write(to: &chunk)
            left = entry.size
            next += 1
        }
    }
}
