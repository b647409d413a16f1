internal import CLinux
internal import Glibc

/// Takes connections off a listening socket and hands them on.
@EventLoop
public final class Acceptor: PollTarget {
    /// Gets each connection, non-blocking, with the peer's address as text; nil for a Unix socket.
    public typealias Receiver = @EventLoop (consuming FileDescriptor, String?) -> Void

    private static let mostInATurn = 64
    private static let pause = Ticks(.milliseconds(100))
    private let file: SocketFile?
    private let receiver: Receiver

    /// Starts taking connections.
    public init(
        _ socket: consuming ListeningSocket,
        receiver: @escaping Receiver
    ) throws(SystemError) {
        file = socket.file
        self.receiver = receiver
        super.init(descriptor: socket.takeDescriptor())
        try Poller.shared.add(self, for: .readable)
    }

    /// Whether connections are left waiting in the kernel's queue.
    public var isPaused: Bool {
        get { !interest.contains(.readable) }
        set { watch(for: newValue ? [] : .readable) }
    }

    /// Stops for good and removes the socket's file.
    public func stop() {
        guard descriptor != nil else { return }
        file?.remove()
        close()
    }

    /// Takes what waits, up to a turn's share.
    public override func ready(_ readiness: Readiness) {
        for _ in 0..<Self.mostInATurn {
            guard let listening = descriptor?.number, !isPaused else { return }
            var storage = sockaddr_in6()
            var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
            let flags = Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
            let number = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    unsafe accept4(listening, address, &length, flags)
                }
            }
            if number >= 0 {
                receiver(FileDescriptor(owning: number), Self.text(of: storage))
                continue
            }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return
            default:
                // Out of descriptors or memory: the connection stays in the queue, and asking
                // again at once would spin.
                isPaused = true
                setDeadline(in: Self.pause)
                return
            }
        }
    }

    /// The pause after a failure is over.
    public override func deadlineReached() {
        isPaused = false
    }

    private static func text(of address: sockaddr_in6) -> String? {
        var address = address
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let length = socklen_t(text.count)
        switch Int32(address.sin6_family) {
        case AF_INET:
            // An IPv4 address lies where the IPv6 one has its flow information.
            guard unsafe inet_ntop(AF_INET, &address.sin6_flowinfo, &text, length) != nil else {
                return nil
            }
        case AF_INET6:
            guard unsafe inet_ntop(AF_INET6, &address.sin6_addr, &text, length) != nil else {
                return nil
            }
        default:
            return nil
        }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension ListeningSocket {
    /// The descriptor, out of the value that owned it.
    consuming func takeDescriptor() -> FileDescriptor { descriptor }
}
