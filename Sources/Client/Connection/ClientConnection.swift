internal import Glibc
internal import Sockets

/// A connection to a server on the event loop. It sends bytes, then receives bytes as they are asked for.
@EventLoop
final class ClientConnection: PollTarget, Transport {
    private var outgoing: [UInt8] = []
    private var sent = 0
    private var arrived: [UInt8] = []
    private var ending: Ending?
    private var waiting: CheckedContinuation<Result<[UInt8], ClientError>, Never>?
    private var writing: CheckedContinuation<Bool, Never>?
    /// Whether the other side does not read any more; it may still have answered.
    private var isUnread = false
    private var silence = Duration.seconds(60)

    /// How a connection has ended.
    private enum Ending {
        case closed
        case failed(ClientError)
    }

    /// Once this many bytes wait to be received, further ones stay in the kernel.
    private static let bound = 256 << 10

    /// Begins to send the bytes. If nothing arrives for the time `silence`, the connection counts as lost.
    func begin(_ bytes: [UInt8], silence: Duration) {
        outgoing = bytes
        self.silence = silence
        do throws(SystemError) {
            try Poller.shared.add(self, for: [.readable, .writable])
            setDeadline(in: Ticks(silence))
        } catch {
            finish(.failed(.unreachable("\(error)")))
        }
    }

    /// Sends further bytes once the earlier ones are sent. Returns false if the other side does not read
    /// any more.
    func write(_ bytes: [UInt8]) async -> Bool {
        guard await isSent() else { return false }
        outgoing = bytes
        sent = 0
        send()
        return await isSent()
    }

    /// Waits until the kernel has taken everything. Returns false if that is impossible.
    private func isSent() async -> Bool {
        guard ending == nil, !isUnread else { return false }
        guard sent < outgoing.count else { return true }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { writing = $0 }
        } onCancel: {
            EventLoop.post { self.finish(.failed(.lost("cancelled"))) }
        }
    }

    private func answerWriter() {
        guard let continuation = writing, sent >= outgoing.count || ending != nil || isUnread else {
            return
        }
        writing = nil
        continuation.resume(returning: ending == nil && !isUnread)
    }

    func receive() async throws(ClientError) -> [UInt8] {
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting = continuation
                answer()
            }
        } onCancel: {
            EventLoop.post { self.finish(.failed(.lost("cancelled"))) }
        }
        return try result.get()
    }

    override func ready(_ readiness: PollEvents) {
        if readiness.contains(.writable) { send() }
        let isOver = !readiness.isDisjoint(with: [.hungUp, .failed])
        // When the other side is gone, the little that is left is read at once, or it would be reported
        // again and again.
        if isOver || readiness.contains(.readable) { read(past: isOver ? .max : Self.bound) }
    }

    override func deadlineReached() {
        finish(.failed(.lost("nothing came for \(silence.components.seconds) s")))
    }

    func end() {
        finish(.closed)
    }

    func explanation(of error: ClientError) async -> ClientError {
        end()
        return error
    }

    private func send() {
        while sent < outgoing.count {
            let part = sent..<outgoing.count
            switch descriptor?.send(outgoing, part) ?? .end {
            case .bytes(let count):
                sent += count
                setDeadline(in: Ticks(silence))
            case .wouldBlock: return updateInterest()
            case .end: return finish(.closed)
            case .failed:
                // The server may have answered before it has read everything.
                outgoing = []
                sent = 0
                isUnread = true
                answerWriter()
                return updateInterest()
            }
        }
        outgoing = []
        sent = 0
        answerWriter()
        updateInterest()
    }

    private func read(past bound: Int) {
        while arrived.count < bound {
            switch descriptor?.receive(into: &Poller.shared.scratch) ?? .end {
            case .bytes(let count):
                arrived.append(contentsOf: Poller.shared.scratch[..<count])
                setDeadline(in: Ticks(silence))
                // A short read has emptied the socket, unless the end of the connection follows.
                if count < Poller.shared.scratch.count, bound < .max { return answer() }
            case .wouldBlock:
                return answer()
            case .end: return finish(.closed)
            case .failed(let code): return fail(code)
            }
        }
        answer()
    }

    private func fail(_ code: Int32) {
        let error = SystemError(code: code, operation: "the connection broke")
        finish(.failed(.lost("\(error)")))
    }

    private func finish(_ ending: Ending) {
        if self.ending == nil { self.ending = ending }
        close()
        answerWriter()
        answer()
    }

    private func answer() {
        if let continuation = waiting {
            if !arrived.isEmpty {
                waiting = nil
                continuation.resume(returning: .success(arrived))
                arrived = []
            } else if let ending {
                waiting = nil
                switch ending {
                case .closed: continuation.resume(returning: .success([]))
                case .failed(let error): continuation.resume(returning: .failure(error))
                }
            }
        }
        updateInterest()
    }

    private func updateInterest() {
        guard descriptor != nil else { return }
        var interest: PollEvents = []
        if arrived.count < Self.bound {
            interest.insert(.readable)
        } else {
            // While nobody asks for bytes, none are read, so there is no time limit.
            clearDeadline()
        }
        if sent < outgoing.count { interest.insert(.writable) }
        watch(for: interest)
    }
}
