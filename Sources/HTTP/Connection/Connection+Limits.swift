internal import Sockets

/// The limits on a client's time and on the memory that is held for it.
extension Connection {
    /// Notes that `count` more bytes of an incomplete request have come.
    func noteProgress(_ count: Int, wasBetween: Bool, wasReadingContent: Bool) {
        guard phase == .reading, descriptor != nil else { return }
        if isBetweenRequests {
            server.idle.add(self)
            return
        }
        server.idle.remove(self)
        guard noteHeld() else {
            refuse(.noRoom)
            return
        }
        if isReadingContent {
            if wasReadingContent {
                transfer.note(count)
            } else {
                transfer.begin(at: Poller.shared.milliseconds)
            }
            guard let left = transfer.timeLeft(at: Poller.shared.milliseconds) else {
                refuse(.timeout)
                return
            }
            setDeadline(in: Ticks(milliseconds: left))
        } else if wasBetween, hasServed {
            setDeadline(in: server.timeouts.header)
        }
    }

    /// Whether the transfer rate is that of an answer.
    var isPacedOut: Bool { phase == .writing || phase == .streaming }

    /// Sets the deadline by which the client must take more of the answer.
    func waitForReader() {
        guard isPacedOut else { return }
        let now = Poller.shared.milliseconds
        if !transfer.isUnderWay { transfer.begin(at: now) }
        guard let left = transfer.timeLeft(at: now), noteHeld() else {
            leaveSlowReader()
            return
        }
        setDeadline(in: Ticks(milliseconds: left))
    }

    /// Notes with the server how much this connection holds. Returns false if that has grown and
    /// all connections together hold too much.
    func noteHeld() -> Bool {
        let waiting = incoming?.bytes.count ?? 0
        let now = readBytes + waiting + input.count + output.count - sent
        let grows = now > held
        server.hold(now - held)
        held = now
        return !(grows && server.holdsTooMuch)
    }

    /// Called when the connection ends or is handed over: it holds nothing any more.
    func holdNothing() {
        server.hold(-held)
        held = 0
    }

    /// Closes the connection because the client does not take its answer.
    func leaveSlowReader() {
        guard descriptor != nil else { return }
        server.count(.readTimeout)
        leave()
    }
}
