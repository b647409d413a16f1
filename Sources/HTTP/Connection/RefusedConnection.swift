internal import Sockets

/// A connection that is answered before anything is read from it, and then closed.
///
/// It waits a moment for the client's own end, so that the client gets the answer instead of a
/// reset (RFC 9112 section 9.6).
@EventLoop
final class RefusedConnection: PollTarget {
    /// The number of bytes that are dropped if the client sends nevertheless.
    private static let mostDrained = 65_536

    private let server: ServerCore
    private var drained = 0

    init(_ descriptor: consuming FileDescriptor, server: ServerCore) {
        self.server = server
        super.init(descriptor: descriptor)
    }

    /// Sends the answer; returns false if there is nothing to wait for.
    func start(_ answer: [UInt8]) -> Bool {
        // The answer is short enough for the empty buffer of a new connection.
        guard descriptor?.send(answer, 0..<answer.count) == .bytes(answer.count) else {
            return false
        }
        descriptor?.shutdownSending()
        guard (try? Poller.shared.add(self, for: [.readable, .peerEnded])) != nil else {
            // Without a place in the poller, the client may not get the answer. Nothing better can
            // be done.
            return false
        }
        setDeadline(in: server.timeouts.linger)
        return true
    }

    func leave() {
        guard descriptor != nil else { return }
        close()
        server.refusedEnded(self)
    }

    override func ready(_ readiness: PollEvents) {
        if !readiness.isDisjoint(with: [.failed, .hungUp]) { return leave() }
        switch descriptor?.receive(into: &Poller.shared.scratch) {
        case .bytes(let count):
            drained += count
            if drained > Self.mostDrained { leave() }
        case .wouldBlock: break
        case .end, .failed, nil: leave()
        }
    }

    override func deadlineReached() {
        leave()
    }
}
