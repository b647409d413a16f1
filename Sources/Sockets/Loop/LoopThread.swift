internal import CLinux
internal import Glibc
internal import Synchronization

/// The thread behind `EventLoop`: it has an inbox, and an event descriptor that ends its wait.
final class LoopThread: SerialExecutor {
    private enum Work {
        case job(UnownedJob)
        /// A job of a task that prefers this thread.
        case preferring(UnownedJob)
        case closure(@EventLoop @Sendable () -> Void)
    }

    private struct Inbox: ~Copyable {
        var work: [Work] = []
        /// Whether the thread waits in epoll, so that new work must wake it.
        var isWaiting = false
        /// The event descriptor; nil before the thread has started. It lives as long as the process.
        var wake: FileDescriptor?

        var wakeNumber: Int32? {
            switch wake {
            case .some(let wake): wake.number
            case .none: nil
            }
        }
    }

    private let inbox = Mutex(Inbox())
    private let identity = Atomic<UInt>(0)

    private var isCurrent: Bool { identity.load(ordering: .relaxed) == UInt(pthread_self()) }

    func enqueue(_ job: consuming ExecutorJob) {
        append(.job(UnownedJob(job)))
    }

    fileprivate func enqueuePreferring(_ job: consuming ExecutorJob) {
        append(.preferring(UnownedJob(job)))
    }

    func post(_ work: @escaping @EventLoop @Sendable () -> Void) {
        append(.closure(work))
    }

    func checkIsolated() {
        precondition(isCurrent, "this code belongs on the event loop's thread")
    }

    func isIsolatingCurrentContext() -> Bool? { isCurrent }

    /// Creates the descriptors and the thread, once.
    func start() throws(SystemError) {
        let failure = inbox.withLock { inbox -> SystemError? in
            guard inbox.wakeNumber == nil else { return nil }
            let wakeNumber = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
            guard wakeNumber >= 0 else { return .current("eventfd") }
            let wake = FileDescriptor(owning: wakeNumber)
            let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
            guard epoll >= 0 else { return .current("epoll_create1") }
            let failure = spawn(epoll: FileDescriptor(owning: epoll), wake: wake.number)
            if failure == nil { inbox.wake = consume wake }
            return failure
        }
        if let failure { throw failure }
    }

    /// Starts the thread with every signal blocked, because signals are for the program's own
    /// threads.
    private func spawn(epoll: consuming FileDescriptor, wake: Int32) -> SystemError? {
        let body = unsafe Unmanaged.passRetained(Body(thread: self, epoll: epoll, wake: wake))
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        var thread = pthread_t()
        let code = unsafe pthread_create(
            &thread,
            nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            body.toOpaque()
        )
        unsafe pthread_sigmask(SIG_SETMASK, &before, nil)
        guard code == 0 else {
            unsafe body.release()
            return SystemError(code: code, operation: "pthread_create")
        }
        pthread_detach(thread)
        return nil
    }

    private final class Body {
        let thread: LoopThread
        /// Nil once the poller has it.
        private var epoll: FileDescriptor?
        private let wake: Int32

        init(thread: LoopThread, epoll: consuming FileDescriptor, wake: Int32) {
            self.thread = thread
            self.epoll = consume epoll
            self.wake = wake
        }

        func run() {
            thread.identity.store(UInt(pthread_self()), ordering: .relaxed)
            // The loop must not wait for the engine's programs, which use every processor;
            // otherwise watchers and requests would wait for them, too.
            clinux_go_first()
            let (thread, wake) = (thread, wake)
            var epoll = epoll.take()
            EventLoop.assumeIsolated {
                if let epoll = epoll.take() { Poller.shared.attach(epoll: epoll, wake: wake) }
                while true { thread.turn(wake: wake) }
            }
        }
    }

    /// Runs one turn: waits, handles what is ready, then what was posted, then the work for the
    /// turn's end.
    @EventLoop
    private func turn(wake: Int32) {
        let isBusy = Poller.shared.isBusy
        let mayWait = inbox.withLock { inbox in
            inbox.isWaiting = inbox.work.isEmpty && !isBusy
            return inbox.isWaiting
        }
        let woken = Poller.shared.wait(mayBlock: mayWait)
        let work = inbox.withLock { inbox in
            inbox.isWaiting = false
            let work = inbox.work
            inbox.work = []
            return work
        }
        if woken {
            var count: UInt64 = 0
            _ = unsafe read(wake, &count, 8)
        }
        Poller.shared.dispatch()
        for item in work {
            switch item {
            case .job(let job):
                unsafe job.runSynchronously(on: asUnownedSerialExecutor())
            case .preferring(let job):
                unsafe job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(),
                    taskExecutor: LoopPreference.shared.asUnownedTaskExecutor()
                )
            case .closure(let closure):
                closure()
            }
        }
        Poller.shared.endTurn()
    }

    private func append(_ work: Work) {
        let wake: Int32 = inbox.withLock { inbox in
            inbox.work.append(work)
            guard inbox.isWaiting, let wake = inbox.wakeNumber else { return -1 }
            // The next caller must not wake the thread again.
            inbox.isWaiting = false
            return wake
        }
        guard wake >= 0 else { return }
        var one: UInt64 = 1
        _ = unsafe write(wake, &one, 8)
    }
}

/// Runs the jobs of tasks that prefer the loop's thread and are isolated to no other actor.
final class LoopPreference: TaskExecutor {
    static let shared = LoopPreference()

    func enqueue(_ job: consuming ExecutorJob) {
        EventLoop.shared.thread.enqueuePreferring(job)
    }
}
