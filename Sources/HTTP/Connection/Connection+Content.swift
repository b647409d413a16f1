internal import Sockets

/// A content that its handler reads while it comes.
struct IncomingContent {
    /// What has come and was not taken.
    var bytes: [UInt8] = []
    /// Whether nothing more comes.
    var isWhole = false
    /// Whether the client waits to be told to go on.
    var awaitsContinue: Bool
    /// Whether the socket is not read, because enough is there.
    var isHeldBack = false
    /// The handler that waits for more.
    var waiting: CheckedContinuation<[UInt8]?, any Error>?

    /// Beyond this many bytes no more are read until they have been taken.
    static let most = 256 << 10
}

extension Connection {
    /// Has the request handled while its content comes.
    func begin(_ parsed: ParsedRequest) {
        incoming = IncomingContent(awaitsContinue: parsed.awaitsContinue)
        var request = parsed
        request.request.content = RequestContent { try await self.nextContent() }
        phase = .receiving
        // What is not asked for yet cannot be late.
        if parsed.awaitsContinue {
            clearDeadline()
        } else {
            expectContent()
        }
        run(request)
    }

    /// The next bytes of the content, for its handler.
    func nextContent() async throws -> [UInt8]? {
        guard var content = incoming else { throw RequestContent.BrokenOff() }
        if !content.bytes.isEmpty {
            let bytes = content.bytes
            content.bytes = []
            incoming = content
            _ = noteHeld()
            readOn()
            return bytes
        }
        if content.isWhole { return nil }
        guard descriptor != nil, phase == .receiving else { throw RequestContent.BrokenOff() }
        if content.awaitsContinue {
            incoming?.awaitsContinue = false
            expectContent()
            output += Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
            flush()
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                guard incoming != nil else {
                    continuation.resume(throwing: RequestContent.BrokenOff())
                    return
                }
                incoming?.waiting = continuation
            }
        } onCancel: {
            EventLoop.post { self.endWaiting(CancellationError()) }
        }
    }

    /// Hands over what has come.
    func handOver(_ bytes: [UInt8], isWhole: Bool) {
        guard var content = incoming else { return }
        if content.bytes.isEmpty { content.bytes = bytes } else { content.bytes += bytes }
        content.isWhole = isWhole
        // Whoever sends before it is told to has begun.
        if !bytes.isEmpty, content.awaitsContinue {
            content.awaitsContinue = false
            expectContent()
        }
        let waiting = content.bytes.isEmpty && !isWhole ? nil : content.waiting
        if let waiting {
            content.waiting = nil
            let ready = content.bytes
            content.bytes = []
            incoming = content
            waiting.resume(returning: ready.isEmpty ? nil : ready)
        } else {
            incoming = content
        }
        if isWhole {
            phase = .handling
            transfer.end()
            clearDeadline()
        } else if content.bytes.count > IncomingContent.most {
            holdBack()
        } else if !bytes.isEmpty {
            transfer.note(bytes.count)
            guard let left = transfer.timeLeft(at: Poller.shared.milliseconds) else {
                refuse(.timeout)
                return
            }
            setDeadline(in: Ticks(milliseconds: left))
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
        incoming?.waiting.take()?.resume(throwing: error)
    }
}
