/// The actor of all sockets: one thread that waits in epoll and runs what is isolated to it.
///
/// Code isolated here must not block: it holds up every connection of the process.
@globalActor
public actor EventLoop {
    /// The process's loop.
    public static let shared = EventLoop()

    nonisolated let thread = LoopThread()

    /// The loop's thread, which runs the actor's jobs between two waits.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// Starts the thread unless it runs already; must come before any other use.
    public static func start() throws(SystemError) {
        try shared.thread.start()
    }

    /// Has the work run on the loop, after what was posted before; from any thread.
    public static func post(_ work: @escaping @EventLoop @Sendable () -> Void) {
        shared.thread.post(work)
    }

    /// Runs the operation so that it comes back to the loop without a change of threads from what it
    /// waits for. Otherwise each continuation is resumed by the pool first.
    public static func preferred<Value: Sendable, Failure: Error>(
        _ operation: @EventLoop @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        try await withTaskExecutorPreference(LoopPreference.shared, operation: operation)
    }

    /// Runs the operation here and now; traps where the caller is not on the loop's thread.
    static func assumeIsolated(_ operation: @EventLoop () -> Void) {
        shared.thread.checkIsolated()
        withoutActuallyEscaping(operation) { operation in
            // The types differ in isolation alone, which the line above has made sure of.
            unsafe unsafeBitCast(operation, to: (() -> Void).self)()
        }
    }
}
