internal import CLinux
internal import Glibc
internal import Sockets

/// A file in memory, which goes with this value. What this program starts can open it by its path; so can
/// nobody but the same user.
final class MemoryFile: Sendable {
    /// Where it can be opened: proc_pid_fd(5).
    let path: String
    private let descriptor: FileDescriptor

    /// A file that holds the bytes.
    init(_ bytes: [UInt8]) throws(SystemError) {
        let number = unsafe clinux_memory_file("slipway")
        guard number >= 0 else { throw SystemError(code: errno, operation: "memfd_create") }
        descriptor = FileDescriptor(owning: number)
        path = "/proc/\(getpid())/fd/\(number)"
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                return unsafe write(number, rest.baseAddress, rest.count)
            }
            if count < 0 && errno != EINTR {
                throw SystemError(code: errno, operation: "write")
            }
            written += max(0, count)
        }
    }
}
