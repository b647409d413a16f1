internal import Sockets

/// How long a client may take, and how much it may have held for it.
extension Connection {
    /// Notes that `count` more bytes of a request have come, which is not whole yet.
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

    /// Whether the pace is that of an answer.
    var isPacedOut: Bool { phase == .writing || phase == .streaming }

    /// The kernel takes no more for now: the client has so long to make room.
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

    /// Tells the server what this connection holds; false if that has grown, and all of them hold
    /// too much.
    func noteHeld() -> Bool {
        let waiting = incoming?.bytes.count ?? 0
        let now = readBytes + waiting + input.count + output.count - sent
        let grows = now > held
        server.hold(now - held)
        held = now
        return !(grows && server.holdsTooMuch)
    }

    /// The connection ends, or is handed over.
    func holdNothing() {
        server.hold(-held)
        held = 0
    }

    /// Closes, because the client does not take its answer.
    func leaveSlowReader() {
        guard descriptor != nil else { return }
        server.count(.readTimeout)
        leave()
    }
}
