import Synchronization

/// Keeps a program from writing faster than its output is processed.
///
/// If more bytes than the limit are under way, reading stops until they are down to half of the
/// limit. Meanwhile the program waits in its own write. So the server holds at most the limit, and
/// in addition what one read and the pipe hold.
public final class OutputFlow: Sendable {
    private let limit: Int
    private let state = Mutex(State())

    private struct State {
        var ahead = 0
        var resume: (@Sendable () -> Void)?
    }

    /// - Parameter limit: the limit in bytes.
    public init(limit: Int) {
        self.limit = limit
    }

    /// Notes that `count` bytes have been processed.
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

    /// Returns whether the reader is behind. If it is, `resume` is called once when it no longer
    /// is.
    package func isBehind(_ resume: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.ahead > limit else { return false }
            state.resume = resume
            return true
        }
    }
}
