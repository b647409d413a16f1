import Dispatch
import Synchronization

/// Calls an action once, after a given time, unless it is cancelled before.
///
/// A cancelled alarm leaves nothing behind. A cancelled `Task.sleep`, on the other hand, keeps its
/// task's memory and a timer until its time would have been over (swiftlang/swift#60441). That
/// would add up, because every deployment, command and request has a time limit of up to hours.
public final class Alarm: @unchecked Sendable {
    // A dispatch object may be used from any thread.
    private let timer: any DispatchSourceTimer

    /// Starts the alarm. The time counts from now.
    public init(after duration: Duration, _ action: @escaping @Sendable () -> Void) {
        let (seconds, attoseconds) = max(.zero, duration).components
        // The limit of a thousand years keeps the number of milliseconds within its type.
        // It is rounded up: whoever is woken finds that the time is over.
        let rest = (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
        let milliseconds = min(seconds, 30_000_000_000) * 1000 + rest
        timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + .milliseconds(Int(milliseconds)))
        timer.setEventHandler { [timer] in
            timer.cancel()
            action()
        }
        timer.activate()
    }

    /// Cancels the alarm; does nothing if it has already called its action.
    public func cancel() {
        timer.cancel()
    }
}

extension Task where Success == Never, Failure == Never {
    /// Waits for the duration. If the task is cancelled, it throws at once and leaves nothing
    /// behind.
    public static func pause(for duration: Duration) async throws {
        let pause = Pause()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { pause.begin($0, duration) }
        } onCancel: {
            pause.end(.failure(_Concurrency.CancellationError()))
        }
    }

    /// Waits until the moment. If the task is cancelled, it throws at once and leaves nothing
    /// behind.
    public static func pause(until moment: ContinuousClock.Instant) async throws {
        try await pause(for: moment - .now)
    }
}

/// One pause of one task.
private final class Pause: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Void, any Error>?
        var alarm: Alarm?
        var isOver = false
    }

    private let state = Mutex(State())

    func begin(_ continuation: CheckedContinuation<Void, any Error>, _ duration: Duration) {
        let isOver = state.withLock { state in
            guard !state.isOver else { return true }
            state.continuation = continuation
            state.alarm = Alarm(after: duration) { self.end(.success(())) }
            return false
        }
        if isOver { continuation.resume(throwing: CancellationError()) }
    }

    func end(_ result: Result<Void, any Error>) {
        let (continuation, alarm) = state.withLock { state in
            defer { state = State(isOver: true) }
            return (state.continuation, state.alarm)
        }
        alarm?.cancel()
        continuation?.resume(with: result)
    }
}
