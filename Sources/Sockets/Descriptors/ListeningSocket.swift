internal import CLinux
internal import Glibc

/// A socket that accepts connections, together with its file if it is a Unix socket.
public struct ListeningSocket: ~Copyable, Sendable {
    let descriptor: FileDescriptor
    /// The port that the socket listens on; 0 for a Unix socket.
    public let port: UInt16
    let file: SocketFile?

    /// Listens on the first address of the host name. Port 0 takes a free port.
    public static func tcp(host: String, port: UInt16) throws(SystemError) -> ListeningSocket {
        let descriptor = try bound(host: host, port: port)
        guard listen(descriptor.number, 4096) == 0 else {
            throw .current("listen", subject(host, port))
        }
        let taken = localPort(descriptor.number)
        return ListeningSocket(descriptor: descriptor, port: taken, file: nil)
    }

    /// Throws the error that would now keep a socket from listening on the address. Accepts no
    /// connection.
    public static func tryAddress(host: String, port: UInt16) throws(SystemError) {
        _ = try bound(host: host, port: port)
    }

    private static func subject(_ host: String, _ port: UInt16) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// Creates a socket that is bound to the address and does not listen yet.
    private static func bound(host: String, port: UInt16) throws(SystemError) -> FileDescriptor {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let first = unsafe found else {
            throw .resolving(host, code)
        }
        defer { unsafe freeaddrinfo(first) }
        let address = unsafe first.pointee
        let descriptor = try open(unsafe address.ai_family)
        let number = descriptor.number
        set(number, SOL_SOCKET, SO_REUSEADDR, 1)
        if unsafe address.ai_family == AF_INET6 { set(number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        // Accepted sockets inherit these options, so no call is needed for each.
        set(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        set(number, SOL_SOCKET, SO_KEEPALIVE, 1)
        set(number, Int32(IPPROTO_TCP), TCP_KEEPIDLE, 60)
        set(number, Int32(IPPROTO_TCP), TCP_KEEPINTVL, 15)
        set(number, Int32(IPPROTO_TCP), TCP_KEEPCNT, 4)
        guard unsafe bind(number, address.ai_addr, address.ai_addrlen) == 0 else {
            throw .current("bind", subject(host, port))
        }
        return descriptor
    }

    /// Listens on a path. A socket file on which nobody answers is replaced; any other file there
    /// is an error. The file is removed when the value is closed.
    public static func unix(path: String) throws(SystemError) -> ListeningSocket {
        try SocketFile.removeStale(path)
        let descriptor = try open(AF_UNIX)
        let number = descriptor.number
        let bound = try unsafe SocketFile.withAddress(path) { address, length in
            unsafe bind(number, address, length)
        }
        guard bound == 0 else { throw .current("bind", path) }
        let file = SocketFile(path: path)
        guard listen(number, 4096) == 0 else {
            let failure = SystemError.current("listen", path)
            file?.remove()
            throw failure
        }
        return ListeningSocket(descriptor: descriptor, port: 0, file: file)
    }

    static func open(_ family: Int32) throws(SystemError) -> FileDescriptor {
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let number = socket(family, kind, 0)
        guard number >= 0 else { throw .current("socket") }
        return FileDescriptor(owning: number)
    }

    /// Sets an option that nothing depends on, so a failure is ignored.
    private static func set(_ number: Int32, _ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        _ = unsafe setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func localPort(_ number: Int32) -> UInt16 {
        var storage = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let code = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe getsockname(number, address, &length)
            }
        }
        // The port has the same position for both families.
        return code == 0 ? UInt16(bigEndian: storage.sin6_port) : 0
    }
}
