internal import Sockets

extension Connection {
    func stream(_ response: Response, _ subscription: EventSubscription) {
        guard !inputEnded, !server.isStopping, response.group?.isEnded != true,
            let number = descriptor?.number
        else {
            leave()
            return
        }
        guard let slot = response.slot ?? takeSlot(response.group, number) else {
            send(
                .problem(
                    status: 503,
                    detail: "There are too many event streams.",
                    headers: ["Retry-After": "5"]
                )
            )
            return
        }
        // The connection ends with its stream; keeping it for another request is not worth the
        // state.
        exchange.keepsAlive = false
        let head = ResponseEncoder.encode(
            response.preparedForEvents(),
            to: exchange,
            date: server.dateText
        )
        guard let descriptor = descriptor.take() else { return }
        holdNothing()
        countAnswer(response)
        let watcher = EventStreamConnection(
            descriptor,
            subscription,
            head: output.suffix(from: sent) + head,
            isChunked: exchange.minorVersion > 0,
            group: response.group,
            slot: slot,
            network: network,
            server: server
        )
        Poller.shared.replace(self, with: watcher)
        server.streamBegan(watcher, replacing: self)
        watcher.start()
    }

    /// Takes a permit for a stream on that descriptor.
    private func takeSlot(_ group: StreamGroup?, _ number: Int32) -> StreamPermit? {
        guard server.mayStream(number) else {
            server.permits.refuse()
            return nil
        }
        return server.permits.take(in: group)
    }

    /// Sends content that is made at the same time.
    func stream(_ response: Response, _ content: ContentStream) {
        guard !inputEnded, !server.isStopping, response.group?.isEnded != true else {
            leave()
            return
        }
        // The connection ends with its stream, as it does for events.
        exchange.keepsAlive = false
        phase = .streaming
        group = response.group
        group?.count(1)
        countAnswer(response)
        heartbeat = content.heartbeat
        output += ResponseEncoder.encode(response, to: exchange, date: server.dateText)
        flush()
        // Cancelled by `leave` and `serverStops`; otherwise it ends with the content.
        task = Task { @concurrent in
            await content.produce(ContentWriter(connection: self))
            await self.contentEnded()
        }
    }

    /// Sends a part of the content and returns once the kernel has it. Returns false if the client
    /// has left or the content is to end.
    func write(_ bytes: [UInt8]) async -> Bool {
        guard descriptor != nil, phase == .streaming, !Task.isCancelled else { return false }
        guard !bytes.isEmpty else { return true }
        send(part: bytes)
        guard descriptor != nil, sent < output.count else { return descriptor != nil }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { writing = $0 }
        } onCancel: {
            EventLoop.post { self.resumeWriting(with: false) }
        }
    }

    /// Called when the kernel has taken everything there is so far.
    func contentIsOut() {
        watch(for: [.readable, .peerEnded])
        setDeadline(in: server.timeouts.heartbeat)
        resumeWriting(with: true)
    }

    /// Called after a time without sending: either there was nothing to send, or the client takes
    /// nothing.
    func silenceIsOver() {
        guard sent == output.count else { return leaveSlowReader() }
        setDeadline(in: server.timeouts.heartbeat)
        if !heartbeat.isEmpty { send(part: heartbeat) }
    }

    /// Ends the content before it is complete.
    func endContent() {
        if phase == .streaming { task?.cancel() }
    }

    func resumeWriting(with isTaken: Bool) {
        writing?.resume(returning: isTaken)
        writing = nil
    }

    func leaveGroup() {
        group?.count(-1)
        group = nil
    }

    private func contentEnded() {
        guard descriptor != nil, phase == .streaming else { return }
        leaveGroup()
        task = nil
        phase = .writing
        if exchange.minorVersion > 0 { output += EventFraming.end }
        flush()
    }

    /// Sends bytes, in chunks if the client knows them.
    private func send(part bytes: [UInt8]) {
        output += exchange.minorVersion > 0 ? EventFraming.chunk(bytes) : bytes
        flush()
    }
}
