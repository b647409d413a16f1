internal import Sockets
internal import Streams

/// A content that its handler reads while it comes.
struct IncomingContent {
    /// What has come and was not asked for yet.
    var bytes: ArraySlice<UInt8> = []
    /// Whether nothing more comes.
    var isWhole = false
    /// Whether the client waits to be told to go on.
    var awaitsContinue: Bool
    /// Whether the socket is not read, because nobody has asked for more than there is.
    var isHeldBack = false
    /// The handler that waits for a block to be filled.
    var filling: Filling?

    struct Filling {
        let block: ByteBlock
        let continuation: CheckedContinuation<Void, any Error>
    }
}

extension Connection {
    /// Has the request handled while its content comes.
    func begin(_ parsed: ParsedRequest) {
        incoming = IncomingContent(awaitsContinue: parsed.awaitsContinue)
        var request = parsed
        request.request.content = RequestContent { try await self.fill($0) }
        phase = .receiving
        // What is not asked for yet cannot be late.
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
        // An empty slice still holds the whole array.
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

    /// Reads the next bytes straight into the block that its handler waits for; nil where they are to be
    /// parsed first, or nobody waits.
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

    /// How much is read into a block by one call.
    private static var mostAtOnce: Int { 256 << 10 }

    /// So many bytes of the content have come into the block.
    func blockTook(_ count: Int) {
        let isWhole = reading?.parser.pass(count) ?? false
        if isWhole { reading = nil }
        noteContent(count, isWhole: isWhole)
    }

    /// Takes what has come of the content with something else.
    func handOver(_ bytes: [UInt8], isWhole: Bool) {
        guard var content = incoming else { return }
        let taken = content.filling?.block.append(bytes[...]) ?? 0
        if taken < bytes.count { content.bytes += bytes[taken...] }
        incoming = content
        noteContent(bytes.count, isWhole: isWhole)
    }

    /// More of the content is there.
    private func noteContent(_ count: Int, isWhole: Bool) {
        guard var content = incoming else { return }
        content.isWhole = isWhole
        // Whoever sends before it is told to has begun.
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

    /// The content comes to nothing, or is not wanted any more.
    func breakOffContent() {
        guard incoming != nil else { return }
        endWaiting(RequestContent.BrokenOff())
        incoming = nil
    }

    /// The client has so long for the next bytes.
    private func expectContent() {
        let now = Poller.shared.milliseconds
        transfer.begin(at: now)
        if let left = transfer.timeLeft(at: now) { setDeadline(in: Ticks(milliseconds: left)) }
    }

    private func holdBack() {
        incoming?.isHeldBack = true
        transfer.end()
        clearDeadline()
        // The client's end may lie behind what is not read: to be told of it would not help.
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
