/// The actor of all sockets: one thread that waits in epoll and runs the code that is isolated to
/// it.
///
/// Code that is isolated here must not block, because it would hold up every connection of the
/// process.
@globalActor
public actor EventLoop {
    /// The process's loop.
    public static let shared = EventLoop()

    nonisolated let thread = LoopThread()

    /// The loop's thread, which runs the actor's jobs between two waits.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// Starts the thread if it does not run yet. Must be called before any other use.
    public static func start() throws(SystemError) {
        try shared.thread.start()
    }

    /// Runs the work on the loop, after everything that was posted before. May be called from any
    /// thread.
    public static func post(_ work: @escaping @EventLoop @Sendable () -> Void) {
        shared.thread.post(work)
    }

    /// Runs the operation so that it returns to the loop directly from what it waits for. Otherwise
    /// each continuation is first resumed by the pool, which costs a change of threads.
    public static func preferred<Value: Sendable, Failure: Error>(
        _ operation: @EventLoop @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await withTaskExecutorPreference(LoopPreference.shared, operation: operation)
    }

    /// Runs the operation at once; traps if the caller is not on the loop's thread.
    static func assumeIsolated(_ operation: @EventLoop () -> Void) {
        shared.thread.checkIsolated()
        withoutActuallyEscaping(operation) { operation in
            // The types differ only in isolation, which the line above has checked.
            unsafe unsafeBitCast(operation, to: (() -> Void).self)()
        }
    }
}
