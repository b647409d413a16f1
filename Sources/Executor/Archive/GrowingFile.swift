import CLinux
import Glibc
import Streams
import Synchronization

/// A file that is written from its beginning to its end. It is closed with its last reference, on a thread
/// that may block.
///
/// The beginning, and so all of a small file, stays in the system's cache, where its next reader finds it.
/// The rest bypasses the cache: filling the cache and emptying it again costs more processor time than
/// everything else that is done with an archive, and would displace what others have in the cache.
final class GrowingFile: Sendable {
    private let number: Int32
    private let disk: Disk
    private let state: Mutex<State>

    private struct State {
        var count = 0
        /// The offset up to which the disk was told to begin writing.
        var begun = 0
        var isDirect = false
        /// Whether the rest of a large file may bypass the cache, and the file system supports that.
        var mayBeDirect: Bool
    }

    /// The number of bytes at the beginning of a file that always go to the cache.
    private static let cached = 32 << 20
    /// The number of bytes in the cache after which the disk is told to begin writing them.
    private static let begins = 8 << 20
    /// Bytes that bypass the cache must come in multiples of this number.
    private static let unit = 4_096

    /// Creates the file and the folders above it.
    ///
    /// - Parameter goesPastCache: false if the file is read again soon.
    init(creating path: String, on disk: Disk, goesPastCache: Bool = true) throws(FileFault) {
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC
        var opened = unsafe open(path, flags, 0o600)
        if opened < 0, errno == ENOENT {
            try Self.makeFolder(above: path)
            opened = unsafe open(path, flags, 0o600)
        }
        guard opened >= 0 else { throw FileFault(code: errno) }
        number = opened
        self.disk = disk
        state = Mutex(State(mayBeDirect: goesPastCache))
    }

    deinit {
        let number = number
        disk.perform { _ = close(number) }
    }

    private static func makeFolder(above path: String) throws(FileFault) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash > path.startIndex else {
            throw FileFault(code: ENOENT)
        }
        let folder = String(path[..<slash])
        if unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT else { throw FileFault(code: errno) }
        try makeFolder(above: folder)
        guard unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw FileFault(code: errno)
        }
    }

    /// Adds the bytes of the block.
    func write(_ block: ByteBlock) throws(FileFault) {
        try state.withLock { state throws(FileFault) in
            try unsafe block.withBytes { bytes throws(FileFault) in
                try unsafe write(bytes, &state)
            }
        }
    }

    private func write(_ bytes: UnsafeRawBufferPointer, _ state: inout State) throws(FileFault) {
        var rest = unsafe bytes
        while unsafe !rest.isEmpty {
            goPastTheCache(
                state.mayBeDirect && state.count >= Self.cached
                    && state.count % Self.unit == 0 && rest.count % Self.unit == 0,
                &state
            )
            let count = unsafe Glibc.write(number, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            if count < 0, [EINVAL, EOPNOTSUPP].contains(errno), state.isDirect, state.mayBeDirect {
                state.mayBeDirect = false
                continue
            }
            guard count > 0 else { throw FileFault(code: errno) }
            state.count += count
            unsafe rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
        // Without this, everything would be left to be written at the end, while everybody waits.
        guard !state.isDirect, state.count - state.begun >= Self.begins else { return }
        clinux_begin_writing(number, Int64(state.begun), Int64(state.count - state.begun))
        state.begun = state.count
    }

    /// Switches bypassing the cache on or off for what is written from now on.
    private func goPastTheCache(_ goes: Bool, _ state: inout State) {
        guard goes != state.isDirect else { return }
        guard fcntl(number, F_SETFL, goes ? clinux_direct : 0) == 0 else {
            state.mayBeDirect = false
            return
        }
        if goes {
            clinux_begin_writing(number, Int64(state.begun), Int64(state.count - state.begun))
            state.begun = state.count
        }
        state.isDirect = goes
    }

    /// Returns once all of it is on the disk.
    func synchronize() throws(FileFault) {
        guard fdatasync(number) == 0 else { throw FileFault(code: errno) }
    }
}
