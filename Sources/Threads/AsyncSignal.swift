import Synchronization

/// Wakes the one task that waits for something to do.
public final class AsyncSignal: Sendable {
    private struct State {
        var isDue = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// A signal that has not been given yet.
    public init() {}

    /// Ends the present wait, or makes the next one end at once.
    public func wake() {
        let waiter = state.withLock { state in
            state.isDue = state.waiter == nil
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume()
    }

    /// Returns when `wake` is called, or was called since the last wait, when the moment comes, or when
    /// the task is cancelled.
    public func wait(until moment: ContinuousClock.Instant) async {
        let alarm = Alarm(after: moment - .now) { self.wake() }
        defer { alarm.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDue = state.withLock { state in
                    defer { state.isDue = false }
                    if !state.isDue, !Task.isCancelled { state.waiter = continuation }
                    return state.waiter == nil
                }
                if isDue { continuation.resume() }
            }
        } onCancel: {
            wake()
        }
    }
}
