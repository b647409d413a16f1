internal import CLinux
internal import Glibc

/// Accepts connections on a listening socket and passes them on.
@EventLoop
public final class Acceptor: PollTarget {
    /// Receives each connection, already non-blocking, with the peer's address; nil for a Unix
    /// socket.
    public typealias Receiver = @EventLoop (consuming FileDescriptor, RemoteAddress?) -> Void

    private static let mostInATurn = 64
    private static let pause = Ticks(.milliseconds(100))
    private let file: SocketFile?
    private let receiver: Receiver

    /// Starts to accept connections.
    public init(
        _ socket: consuming ListeningSocket,
        receiver: @escaping Receiver
    ) throws(SystemError) {
        file = socket.file
        self.receiver = receiver
        super.init(descriptor: socket.takeDescriptor())
        try Poller.shared.add(self, for: .readable)
    }

    /// Whether connections are left in the kernel's queue for now.
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

    /// Accepts waiting connections, up to the limit of one turn.
    public override func ready(_ readiness: PollEvents) {
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
                // Descriptors or memory have run out. The connection stays in the queue, and trying
                // again at once would spin.
                isPaused = true
                setDeadline(in: Self.pause)
                return
            }
        }
    }

    /// Ends the pause after a failure.
    public override func deadlineReached() {
        isPaused = false
    }
}

extension ListeningSocket {
    /// Takes the descriptor out of the value that owned it.
    consuming func takeDescriptor() -> FileDescriptor { descriptor }
}
