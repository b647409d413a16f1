internal import Sockets

/// Handles the bytes that come from the client.
extension Connection {
    /// The greatest number of bytes of later requests that are read while an earlier one is
    /// answered.
    private static var mostPipelined: Int { 65_536 }
    /// The number of times that one connection is read before the others have their turn.
    private static var mostReads: Int { 2 }
    /// The number of bytes that are dropped if a refused client goes on sending.
    private static var mostDrained: Int { 4 << 20 }

    /// Whether no byte has come since the last request.
    var isBetweenRequests: Bool { reading?.parser.isBetweenRequests ?? true }

    /// Whether the request has come as far as its content.
    var isReadingContent: Bool { reading?.parser.isReadingContent ?? false }

    /// The number of bytes of an incomplete request that the parser holds.
    var readBytes: Int { reading?.parser.heldBytes ?? 0 }

    func receive(_ readiness: PollEvents) {
        var reads = 0
        while descriptor != nil, !inputEnded {
            // The other connections have their turn first; the rest is reported again.
            guard reads < Self.mostReads else { return }
            reads += 1
            if isHeldBack {
                if readiness.contains(.hungUp) { leave() }
                return
            }
            if phase != .reading, phase != .receiving, phase != .lingering,
                input.count >= Self.mostPipelined
            {
                // Enough is read for now, but the end of the client is still noticed. If that end
                // is known to come after bytes that have not been read, asking for it again would
                // only spin.
                watchWhileBusy(forEnd: !readiness.contains(.peerEnded))
                break
            }
            let direct = receiveIntoBlock()
            let capacity = direct?.capacity ?? Poller.shared.scratch.count
            switch direct?.transfer ?? descriptor?.receive(into: &Poller.shared.scratch) ?? .end {
            case .bytes(let count):
                if direct == nil { take(count) } else { blockTook(count) }
                // A short read has emptied the socket, unless the client's end follows.
                if count < capacity, !readiness.contains(.peerEnded) { return }
            case .wouldBlock: return
            case .end: endInput()
            case .failed: leave()
            }
        }
        if readiness.contains(.hungUp), phase != .writing { leave() }
    }

    private func take(_ count: Int) {
        switch phase {
        case .reading, .receiving:
            parse(Poller.shared.scratch, count)
        case .handling, .writing, .streaming:
            input.append(contentsOf: Poller.shared.scratch.prefix(count))
            if !noteHeld() { leaveSlowReader() }
        case .lingering:
            drained += count
            if drained > Self.mostDrained { leave() }
        }
    }

    func endInput() {
        inputEnded = true
        switch phase {
        case .reading where isBetweenRequests:
            leave()
        case .reading, .receiving:
            refuse(.malformed("The request ended before it was whole."))
        case .handling:
            // The client may have ended only its sending, or may have left; the kernel does not say
            // which. So the answer still has a little time.
            setDeadline(in: server.timeouts.halfClose)
            watchWhileBusy()
        case .writing:
            watchWhileBusy()
        case .streaming, .lingering:
            // A client that watches a stream sends nothing, so the end of its side means that it
            // has left.
            leave()
        }
    }

    /// While an answer is under way, watches only for what can be handled now.
    func watchWhileBusy(forEnd: Bool = true) {
        var interest: PollEvents = inputEnded || !forEnd ? [] : .peerEnded
        if !inputEnded, input.count < Self.mostPipelined { interest.insert(.readable) }
        if sent < output.count { interest.insert(.writable) }
        watch(for: interest)
    }

    func parse(_ bytes: [UInt8], _ count: Int) {
        let span = bytes.span.extracting(first: count)
        var offset = 0
        let wasReadingContent = isReadingContent
        let wasBetween = isBetweenRequests
        let reading = reading ?? Reading(RequestParser(limits: server.requestLimits, peer: peer))
        self.reading = reading
        while phase == .reading || phase == .receiving, descriptor != nil {
            switch reading.parser.consume(span, from: &offset) {
            case .needMore where phase == .receiving:
                handOver(reading.parser.takeContent(), isWhole: false)
                return
            case .head(let parsed):
                begin(parsed)
            case .contentEnd(let rest):
                self.reading = nil
                input.append(contentsOf: bytes[offset..<count])
                handOver(rest, isWhole: true)
                return
            case .needMore:
                noteProgress(count, wasBetween: wasBetween, wasReadingContent: wasReadingContent)
                return
            case .sendContinue:
                output += Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
                flush()
            case .refuse(let error):
                refuse(error)
            case .request(let parsed):
                self.reading = nil
                input.append(contentsOf: bytes[offset..<count])
                phase = .handling
                run(parsed)
                return
            }
        }
    }
}
