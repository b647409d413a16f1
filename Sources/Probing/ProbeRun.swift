import Sockets

/// One probe of one port, from the wait for its turn to its answer.
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

    /// Probes the port and returns the answer. Must be called only once.
    func ask() async -> PortProbe.Answer {
        // The run may have been cancelled before it began.
        guard answer == nil else { return .cancelled }
        return await withCheckedContinuation { continuation in
            self.continuation = continuation
            let turn = ProbeQueue.Turn(of: probe.group) { self.start() }
            self.turn = turn
            ProbeQueue.shared.enter(turn)
        }
    }

    /// Connects, now that the turn has come.
    private func start() {
        guard let address = IPAddress(literal: probe.address) else {
            return end(.unhealthy("\(probe.address) is not an IP address"))
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

    /// Gives the answer to the waiting caller, once.
    func end(_ answer: PortProbe.Answer) {
        guard self.answer == nil else { return }
        self.answer = answer
        connection?.close()
        connection = nil
        // The turn is released because it holds a reference to this run.
        if let turn { ProbeQueue.shared.leave(turn) }
        turn = nil
        continuation?.resume(returning: answer)
        continuation = nil
    }
}
