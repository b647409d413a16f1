import Synchronization

/// How a running deployment is told to end, and when it can no longer be.
final class CancellationGate: Sendable {
    private let state = Mutex(State())

    private struct State {
        var reason: EndReason?
        var committed = false
        /// Whether a server before this one had committed it.
        var isPastUndoing = false
        /// Whether the server was to end while it could not be ended.
        var mustSuspend = false
        var task: Task<Void, Never>?
    }

    /// Why the deployment is being ended; nil while nobody asked.
    var reason: EndReason? { state.withLock { $0.reason } }

    /// Gives the task that `end` cancels.
    func attach(_ task: Task<Void, Never>) {
        let cancels = state.withLock { state in
            state.task = task
            return state.reason != nil
        }
        if cancels { task.cancel() }
    }

    /// Asks the deployment to end; the first reason counts. False if it is past undoing.
    func end(_ reason: EndReason) -> Bool {
        let task: Task<Void, Never>?? = state.withLock { state in
            guard !state.committed else {
                if case .suspended = reason { state.mustSuspend = true }
                return nil
            }
            if state.isPastUndoing {
                guard case .suspended = reason else { return nil }
            }
            if state.reason == nil { state.reason = reason }
            return .some(state.task)
        }
        guard let task else { return false }
        task?.cancel()
        return true
    }

    /// Nothing but the server's own end breaks off what a server before this one had committed.
    func protect() {
        state.withLock { $0.isPastUndoing = true }
    }

    /// What had been committed is not there any more: it can be ended again.
    func unprotect() {
        state.withLock { $0.isPastUndoing = false }
    }

    /// Lets the server's end break off what is tried again.
    func reopen() {
        let task: Task<Void, Never>? = state.withLock { state in
            state.committed = false
            guard state.mustSuspend else { return nil }
            if state.reason == nil { state.reason = .suspended }
            return state.task
        }
        task?.cancel()
    }

    /// From here on the deployment cannot be ended. False if it was asked to end before.
    func commit() -> Bool {
        state.withLock { state in
            guard state.reason == nil else { return false }
            state.committed = true
            return true
        }
    }
}
