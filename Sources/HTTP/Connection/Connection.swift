internal import Sockets

/// A connection on which requests come in. They are answered one after the other.
@EventLoop
final class Connection: PollTarget {
    final class Reading {
        var parser: RequestParser

        init(_ parser: RequestParser) {
            self.parser = parser
        }
    }

    enum Phase {
        /// Bytes go to the parser.
        case reading
        /// The handler runs and reads the content as it comes.
        case receiving
        /// The handler runs.
        case handling
        /// An answer is being sent.
        case writing
        /// An answer is being sent while its content is still being made.
        case streaming
        /// Everything is sent. Whatever still comes is dropped until the client has ended its side,
        /// too.
        case lingering
    }

    let server: ServerCore
    let peer: Peer
    /// The network for which the connection is counted; 0 if it is not counted.
    let network: UInt64
    /// Reads the request that comes in. It is nil between requests, so that a waiting connection
    /// needs little memory.
    var reading: Reading?
    var phase = Phase.reading
    /// The bytes that came after the request that is being answered.
    var input: [UInt8] = []
    var output: [UInt8] = []
    var sent = 0
    var drained = 0
    /// Measures the content that is due, or the answer that the client must take.
    var transfer: TransferRateLimit
    /// The number of bytes that the server has noted for this connection.
    var held = 0
    var idlePlace = IdleConnections.Place()
    var exchange = ResponseEncoder.Exchange()
    /// Whether the client has ended its side.
    var inputEnded = false
    var hasServed = false
    /// The method of the request that is being answered.
    private var method = ServerStatistics.MethodClass.other
    var task: Task<Void, Never>?
    /// The bytes that are sent during pauses of a content stream.
    var heartbeat: [UInt8] = []
    /// The group of the content stream.
    var group: StreamGroup?
    /// The content that the handler reads as it comes.
    var incoming: IncomingContent?
    /// The writer that waits until the kernel has taken its bytes.
    var writing: CheckedContinuation<Bool, Never>?

    init(
        _ descriptor: consuming FileDescriptor,
        peer: Peer,
        network: UInt64,
        server: ServerCore
    ) {
        self.server = server
        self.peer = peer
        self.network = network
        transfer = server.timeouts.pace
        super.init(descriptor: descriptor)
    }

    /// Begins to read. Returns false if the poller takes no more connections; this one is then
    /// closed.
    func start() -> Bool {
        do {
            try Poller.shared.add(self, for: [.readable, .peerEnded])
            setDeadline(in: server.timeouts.header)
            server.idle.add(self)
            return true
        } catch {
            descriptor = nil
            return false
        }
    }

    /// Closes the connection. A handler that still runs is cancelled.
    func leave() {
        guard descriptor != nil else { return }
        close()
        leaveGroup()
        holdNothing()
        server.idle.remove(self)
        task?.cancel()
        task = nil
        breakOffContent()
        resumeWriting(with: false)
        server.connectionEnded(self)
    }

    /// Called when the server stops: the connection is not kept for another request.
    func serverStops() {
        exchange.keepsAlive = false
        if phase == .reading, isBetweenRequests { leave() }
        endContent()
    }

    override func ready(_ readiness: PollEvents) {
        if readiness.contains(.failed) {
            leave()
            return
        }
        if phase == .reading, isBetweenRequests, !readiness.contains(.hungUp),
            server.pace.postpones(self)
        {
            server.idle.remove(self)
            watch(for: [])
            return
        }
        if !readiness.isDisjoint(with: [.readable, .peerEnded, .hungUp]) { receive(readiness) }
        if descriptor != nil, readiness.contains(.writable) { flush() }
    }

    /// Continues with a request that had to wait for others.
    func goOn() {
        guard descriptor != nil, phase == .reading else { return }
        watch(for: [.readable, .peerEnded])
        receive(.readable)
    }

    override func deadlineReached() {
        switch phase {
        case .reading where isBetweenRequests && hasServed:
            leave()
        case .reading, .receiving:
            refuse(.timeout)
        case .handling:
            // The time after the client's half-close is over, and the answer is not wanted.
            leave()
        case .streaming:
            silenceIsOver()
        case .writing:
            leaveSlowReader()
        case .lingering:
            leave()
        }
    }

    // MARK: Answering

    /// Starts the handler for a request.
    func run(_ parsed: ParsedRequest) {
        server.idle.remove(self)
        method = ServerStatistics.MethodClass(parsed.request.method)
        if phase == .handling {
            transfer.end()
            clearDeadline()
        }
        exchange = ResponseEncoder.Exchange(
            isHead: parsed.request.method == .head,
            minorVersion: parsed.minorVersion,
            keepsAlive: parsed.keepsAlive && !server.isStopping
        )
        server.pace.begin()
        server.contentCame(parsed.request.body.count)
        _ = noteHeld()
        var request = parsed.request
        request.mayStream = server.mayStream(descriptor?.number ?? 0)
        let handler = server.handler
        // Cancelled by `leave`; otherwise it ends with `answer`.
        task = Task { @concurrent [request] in
            let response = await handler(request)
            await self.answer(response)
        }
    }

    private func answer(_ response: Response) {
        guard descriptor != nil, phase == .handling || phase == .receiving else { return }
        task = nil
        if phase == .receiving {
            // It is not known where the next request would begin, so the rest is dropped.
            exchange.keepsAlive = false
            reading = nil
            transfer.end()
        }
        breakOffContent()
        if let reason = RefusalCounts.Reason(status: response.status) { server.count(reason) }
        if HeaderFields.isSame(response.headers["Connection"] ?? "", "close") || server.isStopping {
            exchange.keepsAlive = false
        }
        switch response.body {
        case .events(let subscription) where !exchange.isHead: stream(response, subscription)
        case .stream(let content) where !exchange.isHead: stream(response, content)
        default: send(response)
        }
    }

    func refuse(_ error: RequestError) {
        method = .other
        server.count(RefusalCounts.Reason(error, isContent: isReadingContent))
        server.idle.remove(self)
        transfer.end()
        task?.cancel()
        task = nil
        breakOffContent()
        // It is not known where the next request would begin (RFC 9112 section 9.6), and the bytes
        // of this one are not needed any more.
        reading = nil
        _ = noteHeld()
        exchange = ResponseEncoder.Exchange(keepsAlive: false)
        send(.problem(error))
    }

    func send(_ response: Response) {
        phase = .writing
        countAnswer(response)
        let date = server.dateText
        if case .events = response.body {
            output += ResponseEncoder.encode(
                response.preparedForEvents(),
                to: exchange,
                date: date
            )
        } else {
            output += ResponseEncoder.encode(response, to: exchange, date: date)
        }
        clearDeadline()
        flush()
    }

    /// Counts an answer that has begun.
    func countAnswer(_ response: Response) {
        server.tally.answer(method, response.status)
    }

    func flush() {
        while sent < output.count {
            switch descriptor?.send(output, sent..<output.count) {
            case .bytes(let count):
                sent += count
                if isPacedOut { transfer.note(count) }
            case .wouldBlock:
                watchWhileBusy()
                waitForReader()
                return
            case .end, .failed, nil:
                leave()
                return
            }
        }
        output.removeAll(keepingCapacity: output.capacity <= 16_384)
        sent = 0
        if isPacedOut { transfer.end() }
        if phase == .writing {
            finish()
        } else if phase == .streaming {
            contentIsOut()
        } else if phase == .reading || phase == .receiving && !isHeldBack {
            watch(for: [.readable, .peerEnded])
        }
    }

    /// Called when the answer is sent: continues with the next request, or ends.
    private func finish() {
        guard exchange.keepsAlive, !inputEnded || !input.isEmpty else {
            linger()
            return
        }
        phase = .reading
        hasServed = true
        if held > 0 { _ = noteHeld() }
        setDeadline(in: server.timeouts.idle)
        watch(for: inputEnded ? [] : [.readable, .peerEnded])
        guard !input.isEmpty else {
            server.idle.add(self)
            return
        }
        let waiting = input
        input = []
        parse(waiting, waiting.count)
        if inputEnded, phase == .reading || phase == .receiving, descriptor != nil { endInput() }
    }

    /// Ends this side and waits for the client's end, so that the client gets the answer instead of
    /// a reset (RFC 9112 section 9.6).
    private func linger() {
        phase = .lingering
        input = []
        guard !inputEnded else {
            leave()
            return
        }
        descriptor?.shutdownSending()
        setDeadline(in: server.timeouts.linger)
        watch(for: [.readable, .peerEnded])
    }
}

extension Response {
    /// The response with the fields that an event stream needs to pass caches and proxies.
    func preparedForEvents() -> Response {
        var response = self
        response.headers.set("Content-Type", "text/event-stream")
        response.headers.set("Cache-Control", "no-cache, no-transform")
        response.headers.set("X-Accel-Buffering", "no")
        return response
    }
}
