import Sockets

/// One asking of one port, from its wait for a turn to its answer.
@EventLoop
final class ProbeRun {
    private let probe: PortProbe
    private var turn: ProbeQueue.Turn?
    private var connection: ProbeConnection?
    private var continuation: CheckedContinuation<PortProbe.Answer, Never>?
    private var answer: PortProbe.Answer?

    init(_ probe: PortProbe) {
        self.probe = probe
    }

    /// Asks, and gives the answer. To be called once.
    func ask() async -> PortProbe.Answer {
        // It may have been cancelled before.
        guard answer == nil else { return .cancelled }
        return await withCheckedContinuation { continuation in
            self.continuation = continuation
            let turn = ProbeQueue.Turn(of: probe.group) { self.start() }
            self.turn = turn
            ProbeQueue.shared.enter(turn)
        }
    }

    /// It is its turn.
    private func start() {
        guard let address = IPAddress(literal: probe.address) else {
            return end(.unhealthy("\(probe.address) is no address"))
        }
        do throws(SystemError) {
            let descriptor = try FileDescriptor.connecting(to: address, port: probe.port)
            let connection = ProbeConnection(probe, descriptor) { [weak self] in self?.end($0) }
            self.connection = connection
            connection.start()
        } catch {
            end(error.isRefused ? .refused : .unhealthy(error.reason))
        }
    }

    /// Gives the answer to whoever waits for it, once.
    func end(_ answer: PortProbe.Answer) {
        guard self.answer == nil else { return }
        self.answer = answer
        connection?.close()
        connection = nil
        // Let go of, for it holds this.
        if let turn { ProbeQueue.shared.leave(turn) }
        turn = nil
        continuation?.resume(returning: answer)
        continuation = nil
    }
}
