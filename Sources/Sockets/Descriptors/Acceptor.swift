internal import CLinux
internal import Glibc

/// Takes connections off a listening socket and hands them on.
@EventLoop
public final class Acceptor: PollTarget {
    /// Gets each connection, non-blocking, with the peer's address; nil for a Unix socket.
    public typealias WebhookSender = @EventLoop (consuming FileDescriptor, RemoteAddress?) -> Void

    private static let mostInATurn = 64
    private static let pause = Ticks(.milliseconds(100))
    private let file: SocketFile?
    private let receiver: WebhookSender

    /// Starts taking connections.
    public init(
        _ socket: consuming ListeningSocket,
        receiver: @escaping WebhookSender
    ) throws(SystemError) {
        file = socket.file
        self.receiver = receiver
        super.init(descriptor: socket.takeDescriptor())
        try Poller.shared.add(self, for: .readable)
    }

    /// Whether connections are left waiting in the kernel's queue.
    private var isPaused: Bool {
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
                receiver(FileDescriptor(owning: number), RemoteAddress(storage))
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
}

extension ListeningSocket {
    /// The descriptor, out of the value that owned it.
    consuming func takeDescriptor() -> FileDescriptor { descriptor }
}
