import Sockets

/// The connection of one probe: it asks once and judges the first bytes that come. It runs on the
/// event loop, never blocks, and holds at most 64 bytes.
@EventLoop
final class ProbeConnection: PollTarget {
    private enum Phase {
        case connecting
        case asking(sent: Int)
    }

    private let probe: PortProbe
    private let request: [UInt8]
    private let tell: @EventLoop (PortProbe.Answer) -> Void
    private var phase = Phase.connecting
    private var received: [UInt8] = []

    /// - Parameter tell: called once with the answer, after the connection is closed.
    init(
        _ probe: PortProbe,
        _ descriptor: consuming FileDescriptor,
        tell: @escaping @EventLoop (PortProbe.Answer) -> Void
    ) {
        self.probe = probe
        self.tell = tell
        request = Array(
            """
            GET \(probe.path ?? "/") HTTP/1.1\r
            Host: \(probe.host):\(probe.port)\r
            User-Agent: slipway\r
            Accept: */*\r
            Connection: close\r
            \r

            """.utf8
        )
        super.init(descriptor: descriptor)
    }

    /// Starts to wait for the connection.
    func start() {
        do throws(SystemError) {
            try Poller.shared.add(self, for: .writable)
            setDeadline(in: Ticks(probe.silence))
        } catch {
            end(.unhealthy(error.reason))
        }
    }

    override func ready(_ readiness: PollEvents) {
        switch phase {
        case .connecting:
            if let failure = descriptor?.connectionFailure {
                return end(failure.isRefused ? .refused : .unhealthy(failure.reason))
            }
            phase = .asking(sent: 0)
            setDeadline(in: Ticks(probe.path == nil ? probe.silence : probe.answerTime))
            send(from: 0)
        case .asking(let sent):
            if sent < request.count { return send(from: sent) }
            receive()
        }
    }

    override func deadlineReached() {
        if case .connecting = phase {
            return end(.unhealthy("no connection within \(probe.silence.components.seconds) s"))
        }
        guard received.isEmpty else { return judge() }
        end(
            probe.path == nil
                ? .healthy
                : .unhealthy("no answer within \(probe.answerTime.components.seconds) s")
        )
    }

    private func send(from sent: Int) {
        switch descriptor?.send(request, sent..<request.count) {
        case .bytes(let count):
            phase = .asking(sent: sent + count)
            watch(for: sent + count < request.count ? .writable : .readable)
        case .wouldBlock: watch(for: .writable)
        case .end, .failed, nil: end(.unhealthy("the connection was closed at once"))
        }
    }

    /// Reads until the status line is known or the other side closes.
    private func receive() {
        switch descriptor?.receive(into: &Poller.shared.scratch) {
        case .bytes(let count):
            let room = PortProbe.mostBytes - received.count
            received += Poller.shared.scratch.prefix(min(count, room))
            if received.contains(0x0A) || received.count >= PortProbe.mostBytes { judge() }
        case .wouldBlock: break
        case .end, .failed, nil:
            guard received.isEmpty else { return judge() }
            end(.unhealthy("the connection was closed without an answer"))
        }
    }

    private func judge() {
        end(PortProbe.judge(received, hasPath: probe.path != nil))
    }

    private func end(_ answer: PortProbe.Answer) {
        close()
        tell(answer)
    }
}
