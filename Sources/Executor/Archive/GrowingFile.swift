import CLinux
import Glibc
import Streams
import Synchronization

/// A file that is being written from its beginning to its end. With its last reference it is closed, on a
/// thread that may wait for it.
///
/// What is small stays in the system's cache, where whoever reads it next finds it. More goes past it: to
/// fill the cache and to empty it again costs more of the processor than all else that is done with an
/// archive, and what others have in the cache would have to go for it.
final class GrowingFile: Sendable {
    private let number: Int32
    private let disk: Disk
    private let state: Mutex<State>

    private struct State {
        var count = 0
        /// Up to where the disk was told to begin.
        var begun = 0
        var isDirect = false
        /// Whether more than what is small goes past the cache, and the file system takes it so.
        var mayBeDirect: Bool
    }

    /// So much of a file goes to the cache in any case.
    private static let cached = 32 << 20
    /// So much is in the cache before the disk is told to begin with it.
    private static let begins = 8 << 20
    /// What a disk takes past the cache comes in multiples of this.
    private static let unit = 4_096

    /// Makes it, and the folders above it.
    ///
    /// - Parameter goesPastCache: false for what is read again soon.
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

    /// Adds what is in the block.
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
        // Otherwise all of it would be left to be written at the end, while everybody waits.
        guard !state.isDirect, state.count - state.begun >= Self.begins else { return }
        clinux_begin_writing(number, Int64(state.begun), Int64(state.count - state.begun))
        state.begun = state.count
    }

    /// Has what is written from now on go past the cache, or not.
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
