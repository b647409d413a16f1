import Synchronization

/// Passes on that a running deployment is to end, until that is no longer possible.
final class CancellationGate: Sendable {
    private let state = Mutex(State())

    private struct State {
        var reason: EndReason?
        var committed = false
        /// Whether an earlier server has committed the deployment.
        var isPastUndoing = false
        /// Whether the server was to end while the deployment could not be ended.
        var mustSuspend = false
        var task: Task<Void, Never>?
    }

    /// Why the deployment is being ended; nil if nobody has asked for that.
    var reason: EndReason? { state.withLock { $0.reason } }

    /// Sets the task that `end` cancels.
    func attach(_ task: Task<Void, Never>) {
        let cancels = state.withLock { state in
            state.task = task
            return state.reason != nil
        }
        if cancels { task.cancel() }
    }

    /// Asks the deployment to end; only the first reason counts. Returns false if it is too late.
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

    /// Allows only the server's own end to interrupt a deployment that an earlier server has committed.
    func protect() {
        state.withLock { $0.isPastUndoing = true }
    }

    /// Allows the deployment to be ended again, because what had been committed no longer exists.
    func unprotect() {
        state.withLock { $0.isPastUndoing = false }
    }

    /// Allows the server's end to interrupt a step that is tried again.
    func reopen() {
        let task: Task<Void, Never>? = state.withLock { state in
            state.committed = false
            guard state.mustSuspend else { return nil }
            if state.reason == nil { state.reason = .suspended }
            return state.task
        }
        task?.cancel()
    }

    /// From here on the deployment cannot be ended. Returns false if it was asked to end before.
    func commit() -> Bool {
        state.withLock { state in
            guard state.reason == nil else { return false }
            state.committed = true
            return true
        }
    }
}
