import Synchronization

/// Keeps a program from writing faster than its output is dealt with.
///
/// Once more bytes are under way than the limit, no more are read until half of that is dealt
/// with; the program then waits in its own writing. So at most the limit is held, and what one
/// read and the pipe hold beside it.
public final class OutputFlow: Sendable {
    private let limit: Int
    private let state = Mutex(State())

    private struct State {
        var ahead = 0
        var resume: (@Sendable () -> Void)?
    }

    /// - Parameter limit: in bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Notes that `count` bytes have been dealt with.
    public func took(_ count: Int) {
        let resume: (@Sendable () -> Void)? = state.withLock { state in
            state.ahead -= count
            guard state.ahead <= limit / 2 else { return nil }
            defer { state.resume = nil }
            return state.resume
        }
        resume?()
    }

    /// Notes that `count` more bytes are under way.
    package func add(_ count: Int) {
        state.withLock { $0.ahead += count }
    }

    /// Whether the reader is behind; `resume` is called, once, when it no longer is.
    package func isBehind(_ resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.ahead > limit else { return false }
            state.resume = resume
            return true
        }
    }
}
