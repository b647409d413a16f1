internal import CLinux
internal import Glibc

extension FileDescriptor {
    /// Connects to the first address of the host that answers. Blocks for at most `milliseconds`
    /// for each address.
    public static func connected(
        host: String,
        port: UInt16,
        milliseconds: Int32
    ) throws(SystemError) -> FileDescriptor {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, String(port), &hints, &found)
        guard code == 0, let first = unsafe found else {
            throw .resolving(host, code)
        }
        defer { unsafe freeaddrinfo(first) }
        let subject = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        var failure = SystemError.resolving(host, EAI_NONAME)
        var next: UnsafeMutablePointer<addrinfo>? = unsafe first
        while let address = unsafe next {
            do throws(SystemError) {
                let descriptor = try ListeningSocket.open(unsafe address.pointee.ai_family)
                let code = unsafe connect(
                    descriptor.number,
                    address.pointee.ai_addr,
                    address.pointee.ai_addrlen
                )
                try finishConnecting(descriptor.number, code, subject, milliseconds)
                var one: Int32 = 1
                _ = unsafe setsockopt(
                    descriptor.number,
                    Int32(IPPROTO_TCP),
                    TCP_NODELAY,
                    &one,
                    socklen_t(MemoryLayout<Int32>.size)
                )
                return descriptor
            } catch {
                failure = error
            }
            unsafe next = address.pointee.ai_next
        }
        throw failure
    }

    /// Connects to a Unix socket. Blocks for at most `milliseconds`.
    public static func connected(
        path: String,
        milliseconds: Int32
    ) throws(SystemError) -> FileDescriptor {
        let descriptor = try ListeningSocket.open(AF_UNIX)
        let number = descriptor.number
        let code = try unsafe SocketFile.withAddress(path) { address, length in
            unsafe connect(number, address, length)
        }
        try finishConnecting(number, code, path, milliseconds)
        return descriptor
    }

    /// Begins to connect to an address and does not wait. The socket becomes writable once it is
    /// connected or has failed; `connectionFailure` then says which.
    public static func connecting(
        to address: IPAddress,
        port: UInt16
    ) throws(SystemError) -> FileDescriptor {
        let descriptor = try ListeningSocket.open(address.isVersion6 ? AF_INET6 : AF_INET)
        let number = descriptor.number
        let code = unsafe address.withSocketAddress(port: port) { place, length in
            unsafe connect(number, place, length)
        }
        guard code == 0 || errno == EINPROGRESS else {
            throw .current("connect", "\(address):\(port)")
        }
        return descriptor
    }

    /// The reason why the connection failed; nil if it did not.
    public var connectionFailure: SystemError? {
        var status: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &status, &length)
        return status == 0 ? nil : SystemError(code: status, operation: "connect")
    }

    /// Creates two sockets that are connected with each other. The caller keeps one, which does not
    /// block, and gives the other to a child process.
    public static func pair() throws(SystemError) -> (own: Int32, child: Int32) {
        var numbers: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &numbers) == 0 else {
            throw .current("socketpair")
        }
        return (numbers[0], numbers[1])
    }

    /// Waits until a connection attempt has ended.
    private static func finishConnecting(
        _ number: Int32,
        _ code: Int32,
        _ subject: String,
        _ milliseconds: Int32
    ) throws(SystemError) {
        guard code != 0 else { return }
        guard errno == EINPROGRESS else { throw .current("connect", subject) }
        var poll = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
        var count: Int32 = 0
        repeat {
            count = unsafe Glibc.poll(&poll, 1, milliseconds)
        } while count < 0 && errno == EINTR
        guard count > 0 else {
            throw SystemError(
                code: count == 0 ? ETIMEDOUT : errno,
                operation: "connect",
                subject: subject
            )
        }
        var status: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(number, SOL_SOCKET, SO_ERROR, &status, &length)
        guard status == 0 else {
            throw SystemError(code: status, operation: "connect", subject: subject)
        }
    }
}
