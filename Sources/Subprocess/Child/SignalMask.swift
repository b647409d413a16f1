import Glibc

/// The signals that are blocked in the calling thread.
enum SignalMask {
    /// Runs `body` with no signal blocked, because a child inherits the mask of the thread that starts it.
    static func withNoneBlocked<Value>(_ body: () -> Value) -> Value {
        // A SIGPIPE that a write to a closed pipe has left pending would end the process when it is
        // unblocked.
        var pipe = sigset_t()
        unsafe sigemptyset(&pipe)
        unsafe sigaddset(&pipe, SIGPIPE)
        var none = timespec()
        while unsafe sigtimedwait(&pipe, nil, &none) == SIGPIPE {}
        var empty = sigset_t()
        var before = sigset_t()
        unsafe sigemptyset(&empty)
        unsafe pthread_sigmask(SIG_SETMASK, &empty, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        return body()
    }
}
