internal import Sockets
internal import Streams
internal import Subprocess
internal import Threads

/// What has come of a curl so far: its output, which is taken as it is asked for, and its end.
@EventLoop
final class CurlOutput {
    /// Has curl wait while more than `bound` has not been asked for.
    nonisolated let flow = OutputFlow(limit: CurlOutput.bound)
    /// For so long nothing may come before the connection is taken for lost.
    private let silence: Duration
    private var lastHeard = ContinuousClock.now
    private var alarm: Alarm?
    private var arrived: [UInt8] = []
    private var ending: Ending?
    private var waiting: CheckedContinuation<Result<[UInt8], ClientError>, Never>?
    /// Known once the program has ended.
    private var outcome: CommandOutcome?
    private var waitingForOutcome: CheckedContinuation<CommandOutcome?, Never>?

    private enum Ending {
        case closed
        case failed(ClientError)
    }

    private nonisolated static let bound = 256 << 10

    init(silence: Duration) {
        self.silence = silence
    }

    /// Begins to wait for the first of it.
    func begin() {
        goesOn()
        wake(in: silence)
    }

    /// More output.
    func take(_ bytes: [UInt8]) {
        goesOn()
        arrived += bytes
        answer()
    }

    /// Something has moved: the other side is there.
    func goesOn() {
        lastHeard = .now
    }

    /// The program has ended, and all its output has been given.
    func end(_ outcome: CommandOutcome) {
        self.outcome = outcome
        close()
        waitingForOutcome?.resume(returning: outcome)
        waitingForOutcome = nil
    }

    /// Nothing more is waited for.
    func close() {
        finish(.closed)
    }

    /// The bytes that have come since, at least one; none at the end.
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

    /// How the program has ended; nil if that takes longer.
    func outcome(within limit: Duration) async -> CommandOutcome? {
        if let outcome { return outcome }
        let alarm = Alarm(after: limit) { EventLoop.post { self.giveUp() } }
        defer { alarm.cancel() }
        return await withCheckedContinuation { waitingForOutcome = $0 }
    }

    private func giveUp() {
        waitingForOutcome?.resume(returning: nil)
        waitingForOutcome = nil
    }

    private func wake(in time: Duration) {
        alarm = Alarm(after: time) { [weak self] in EventLoop.post { self?.checkSilence() } }
    }

    private func checkSilence() {
        guard ending == nil else { return }
        // Nothing is heard while nothing is asked for.
        if arrived.count >= Self.bound { goesOn() }
        let left = lastHeard + silence - .now
        if left > .zero { return wake(in: left) }
        finish(.failed(.lost("nothing came for \(silence.components.seconds) s")))
    }

    private func finish(_ ending: Ending) {
        if self.ending == nil { self.ending = ending }
        alarm?.cancel()
        alarm = nil
        answer()
    }

    private func answer() {
        guard let continuation = waiting else { return }
        if !arrived.isEmpty {
            waiting = nil
            let bytes = arrived
            arrived = []
            goesOn()
            flow.took(bytes.count)
            continuation.resume(returning: .success(bytes))
        } else if let ending {
            waiting = nil
            switch ending {
            case .closed: continuation.resume(returning: .success([]))
            case .failed(let error): continuation.resume(returning: .failure(error))
            }
        }
    }
}
