import Deployments
import Dispatch
import Docker
import Foundation
import Synchronization

/// A folder's content as a tar archive, made as it is asked for, to be extracted at `/`.
///
/// Every name begins with the destination, and the folders above it have no entry of their own:
/// the engine makes those that are missing and leaves the others as they are.
final class ArchiveInput: CommandInput {
    private let source: SourceFolder
    private let prefix: String
    /// The bytes of the whole archive.
    let byteCount: Int64
    private let queue = DispatchQueue(label: "slipway.archive")
    private let state: Mutex<State>

    private struct State {
        var nextEntry = 0
        var open: (file: FileHandle, left: Int64, size: Int64)?
        var ended = false
        var failure: SourceFolder.Unreadable?
        var taken: Int64 = 0
    }

    /// About how many bytes are handed over at once.
    private static let chunkSize = 262_144

    /// - Parameter destination: absolute path in the container.
    init(source: SourceFolder, destination: String) {
        self.source = source
        prefix = destination.split(separator: "/").joined(separator: "/")
        state = Mutex(State())
        byteCount = Self.byteCount(source, prefix)
    }

    private static func byteCount(_ source: SourceFolder, _ prefix: String) -> Int64 {
        var sum = Int64(TarHeader.end.count)
        if source.entries.isEmpty { sum += Int64(emptyFolder(prefix).count) }
        for entry in source.entries {
            sum += Int64(header(entry, prefix).count)
            if case .file(let size) = entry.kind {
                sum += size + Int64(TarHeader.padding(after: size).count)
            }
        }
        return sum
    }

    /// Why the archive broke off, where it did.
    var failure: SourceFolder.Unreadable? { state.withLock { $0.failure } }

    /// Bytes of the archive that the command has taken.
    var taken: Int64 { state.withLock { $0.taken } }

    func accepted(_ count: Int) {
        state.withLock { $0.taken += Int64(count) }
    }

    func next() async -> [UInt8]? {
        await withCheckedContinuation { continuation in
            queue.async { [self] in
                continuation.resume(returning: state.withLock { chunk(&$0) })
            }
        }
    }

    private func chunk(_ state: inout State) -> [UInt8]? {
        guard !state.ended else { return nil }
        var bytes: [UInt8] = []
        while bytes.count < Self.chunkSize {
            if let open = state.open {
                guard let read = read(open, atMost: Self.chunkSize - bytes.count, &state) else {
                    state.ended = true
                    return nil
                }
                bytes += read
            } else if state.nextEntry < source.entries.count {
                let entry = source.entries[state.nextEntry]
                state.nextEntry += 1
                bytes += Self.header(entry, prefix)
                guard begin(entry, &state) else {
                    state.ended = true
                    return nil
                }
            } else {
                if source.entries.isEmpty { bytes += Self.emptyFolder(prefix) }
                bytes += TarHeader.end
                state.ended = true
                break
            }
        }
        return bytes
    }

    private func begin(_ entry: SourceFolder.Entry, _ state: inout State) -> Bool {
        guard case .file(let size) = entry.kind, size > 0 else { return true }
        guard let file = FileHandle(forReadingAtPath: "\(source.path)/\(entry.path)") else {
            state.failure = .init(path: entry.path, reason: "it cannot be opened any more")
            return false
        }
        state.open = (file, size, size)
        return true
    }

    /// The next bytes of the open file, padded at its end; nil where it has become shorter.
    private func read(
        _ open: (file: FileHandle, left: Int64, size: Int64),
        atMost limit: Int,
        _ state: inout State
    ) -> [UInt8]? {
        let data = try? open.file.read(upToCount: Int(min(open.left, Int64(limit))))
        guard let data, !data.isEmpty else {
            let path = source.entries[state.nextEntry - 1].path
            state.failure = .init(path: path, reason: "it became shorter while it was copied")
            return nil
        }
        let left = open.left - Int64(data.count)
        guard left == 0 else {
            state.open = (open.file, left, open.size)
            return Array(data)
        }
        // Only read from, so that nothing is lost where closing fails.
        try? open.file.close()
        state.open = nil
        return Array(data) + TarHeader.padding(after: open.size)
    }

    private static func header(_ entry: SourceFolder.Entry, _ prefix: String) -> [UInt8] {
        let path = prefix.isEmpty ? entry.path : "\(prefix)/\(entry.path)"
        return switch entry.kind {
        case .file(let size):
            TarHeader.bytes(
                path: path,
                kind: .file,
                size: size,
                mode: entry.mode,
                modified: entry.modified
            )
        case .folder:
            TarHeader.bytes(path: path, kind: .folder, mode: entry.mode, modified: entry.modified)
        case .link(let target):
            TarHeader.bytes(
                path: path,
                kind: .link,
                mode: 0o777,
                modified: entry.modified,
                target: target
            )
        }
    }

    private static func emptyFolder(_ prefix: String) -> [UInt8] {
        guard !prefix.isEmpty else { return [] }
        return TarHeader.bytes(path: prefix, kind: .folder, mode: 0o755, modified: 0)
    }
}
