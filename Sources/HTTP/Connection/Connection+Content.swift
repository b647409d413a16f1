internal import Sockets
internal import Streams

/// A request's content that its handler reads while it comes.
struct IncomingContent {
    /// The bytes that have come and were not asked for yet.
    var bytes: ArraySlice<UInt8> = []
    /// Whether no more bytes come.
    var isWhole = false
    /// Whether the client waits for `100 Continue`.
    var awaitsContinue: Bool
    /// Whether the socket is not read because the handler has not asked for more.
    var isHeldBack = false
    /// The handler that waits for a block to be filled.
    var filling: Filling?

    struct Filling {
        let block: ByteBlock
        let continuation: CheckedContinuation<Void, any Error>
    }
}

extension Connection {
    /// Starts the handler while the request's content still comes.
    func begin(_ parsed: ParsedRequest) {
        incoming = IncomingContent(awaitsContinue: parsed.awaitsContinue)
        var request = parsed
        request.request.content = RequestContent { try await self.fill($0) }
        phase = .receiving
        // The content has no deadline before it is asked for.
        if parsed.awaitsContinue {
            clearDeadline()
        } else {
            expectContent()
        }
        run(request)
    }

    /// Fills a block with the next bytes of the content, for its handler.
    func fill(_ block: ByteBlock) async throws {
        guard var content = incoming else { throw RequestContent.BrokenOff() }
        content.bytes = content.bytes.dropFirst(block.append(content.bytes))
        // Even an empty slice keeps the whole array in memory.
        if content.bytes.isEmpty { content.bytes = [] }
        incoming = content
        _ = noteHeld()
        if block.room == 0 || content.isWhole { return }
        guard descriptor != nil, phase == .receiving else { throw RequestContent.BrokenOff() }
        if content.awaitsContinue {
            incoming?.awaitsContinue = false
            expectContent()
            output += Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
            flush()
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation {
                (continuation: CheckedContinuation<Void, any Error>) in
                guard incoming != nil else {
                    continuation.resume(throwing: RequestContent.BrokenOff())
                    return
                }
                incoming?.filling = IncomingContent.Filling(
                    block: block,
                    continuation: continuation
                )
                readOn()
            }
        } onCancel: {
            EventLoop.post { self.endWaiting(CancellationError()) }
        }
    }

    /// Reads the next bytes directly into the block that the handler waits for. Returns nil if the
    /// bytes must be parsed first, or if no handler waits.
    func receiveIntoBlock() -> (transfer: Transfer, capacity: Int)? {
        guard phase == .receiving, let block = incoming?.filling?.block else { return nil }
        let capacity = min(reading?.parser.plainContent ?? 0, block.room, Self.mostAtOnce)
        guard capacity > 0 else { return nil }
        var transfer = Transfer.end
        unsafe block.fill(atMost: capacity) { room in
            transfer = unsafe descriptor?.receive(into: room) ?? .end
            return if case .bytes(let count) = transfer { count } else { 0 }
        }
        return (transfer, capacity)
    }

    /// The greatest number of bytes that one call reads into a block.
    private static var mostAtOnce: Int { 256 << 10 }

    /// Notes that `count` bytes of the content were read into the block.
    func blockTook(_ count: Int) {
        let isWhole = reading?.parser.pass(count) ?? false
        if isWhole { reading = nil }
        noteContent(count, isWhole: isWhole)
    }

    /// Passes on content that was read together with other bytes.
    func handOver(_ bytes: [UInt8], isWhole: Bool) {
        guard var content = incoming else { return }
        let taken = content.filling?.block.append(bytes[...]) ?? 0
        if taken < bytes.count { content.bytes += bytes[taken...] }
        incoming = content
        noteContent(bytes.count, isWhole: isWhole)
    }

    /// Notes that more of the content has come.
    private func noteContent(_ count: Int, isWhole: Bool) {
        guard var content = incoming else { return }
        content.isWhole = isWhole
        // The client has begun to send without waiting for `100 Continue`.
        if count > 0, content.awaitsContinue {
            content.awaitsContinue = false
            expectContent()
        }
        if let filling = content.filling, isWhole || filling.block.room == 0 {
            content.filling = nil
            filling.continuation.resume()
        }
        incoming = content
        if isWhole {
            phase = .handling
            transfer.end()
            clearDeadline()
        } else if count > 0 {
            transfer.note(count)
            guard let left = transfer.timeLeft(at: Poller.shared.milliseconds) else {
                refuse(.timeout)
                return
            }
            if content.filling == nil {
                holdBack()
            } else {
                setDeadline(in: Ticks(milliseconds: left))
            }
        }
        if !noteHeld() { refuse(.noRoom) }
    }

    /// Whether the content is not read for now.
    var isHeldBack: Bool { incoming?.isHeldBack == true }

    /// Ends the content early: it has failed, or is not wanted any more.
    func breakOffContent() {
        guard incoming != nil else { return }
        endWaiting(RequestContent.BrokenOff())
        incoming = nil
    }

    /// Sets the deadline for the next bytes of the content.
    private func expectContent() {
        let now = Poller.shared.milliseconds
        transfer.begin(at: now)
        if let left = transfer.timeLeft(at: now) { setDeadline(in: Ticks(milliseconds: left)) }
    }

    private func holdBack() {
        incoming?.isHeldBack = true
        transfer.end()
        clearDeadline()
        // The client's end may come after content that has not been read, so watching for it is no
        // use.
        watch(for: [])
    }

    private func readOn() {
        guard isHeldBack, descriptor != nil, phase == .receiving else { return }
        incoming?.isHeldBack = false
        expectContent()
        watch(for: [.readable, .peerEnded])
    }

    private func endWaiting(_ error: any Error) {
        incoming?.filling.take()?.continuation.resume(throwing: error)
    }
}
