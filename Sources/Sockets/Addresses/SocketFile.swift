internal import Glibc

/// The file of a Unix socket, identified by its device and inode.
struct SocketFile: Sendable {
    let path: String
    private let device: UInt
    private let inode: UInt

    /// The file that is now at the path; nil if there is none.
    init?(path: String) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return nil }
        self.path = path
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
    }

    /// Removes the file unless another has taken its place.
    func remove() {
        guard let present = SocketFile(path: path),
            present.device == device, present.inode == inode
        else { return }
        _ = unsafe unlink(path)
    }

    /// Removes a socket file on which nobody answers.
    static func removeStale(_ path: String) throws(SystemError) {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw SystemError(code: EEXIST, operation: "bind", subject: path)
        }
        let probe = try ListeningSocket.open(AF_UNIX)
        let number = probe.number
        let answer = try unsafe withAddress(path) { address, length in
            unsafe connect(number, address, length) == 0 ? 0 : errno
        }
        switch answer {
        case ECONNREFUSED: _ = unsafe unlink(path)
        case ENOENT: break
        default: throw SystemError(code: EADDRINUSE, operation: "bind", subject: path)
        }
    }

    /// Calls `body` with the path as a socket address.
    static func withAddress(
        _ path: String,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws(SystemError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        // One byte stays for the terminating zero.
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw SystemError(code: ENAMETOOLONG, operation: "bind", subject: path)
        }
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            unsafe buffer.copyBytes(from: bytes)
        }
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe body(address, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
