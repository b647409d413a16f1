import Dispatch
import Glibc
import Synchronization

/// Threads for calls that may wait for ever: for a disk, another machine's file system, a name
/// server.
///
/// Swift's own pool has one thread a core, so a call that waits there holds up everybody. Here it
/// holds up only its own caller, and only for as long as that caller wants to wait: if it is
/// cancelled or its time is over, the caller goes on, and a thread that the kernel does not let go
/// of is left behind. Until it returns, it counts against the limit of its key.
public final class BlockingThreads: Sendable {
    /// The reason why a call was not waited for.
    public enum Failure: Error, Equatable {
        /// The call did not return in time, or found no thread in time.
        case timedOut
        /// Too many calls already wait for a thread.
        case full
    }

    /// Lets a call find out that nobody waits for it any more.
    public final class Abandonment: Sendable {
        private let flag = Atomic(false)

        /// Whether the call should end as soon as it can.
        public var isAbandoned: Bool { flag.load(ordering: .relaxed) }

        func abandon() { flag.store(true, ordering: .relaxed) }
    }

    private let threads: Int
    private let threadsPerKey: Int
    private let capacity: Int
    private let kept: Int
    private let wakeUps = DispatchSemaphore(value: 0)
    private let state = Mutex(State())

    private struct Job {
        let id: UInt64
        let key: String
        let run: @Sendable () -> Void
    }

    private struct State {
        var waiting: [Job] = []
        var running: [String: Int] = [:]
        var threads = 0
        /// The number of threads that wait for a call and have not been woken for one.
        var idle = 0
        var nextID: UInt64 = 0
    }

    /// - Parameters:
    ///   - threads: the greatest number of threads that run at once.
    ///   - threadsPerKey: the greatest number of these that run calls of one key.
    ///   - capacity: the greatest number of calls that wait for a thread.
    ///   - kept: the number of threads that wait for the next call after their work; the others
    ///     end.
    public init(
        threads: Int = 64,
        threadsPerKey: Int = 8,
        capacity: Int = 1_024,
        kept: Int = 0
    ) {
        self.kept = kept
        self.threads = threads
        self.threadsPerKey = threadsPerKey
        self.capacity = capacity
    }

    /// The number of threads that run now, including those that were left behind.
    public var count: Int { state.withLock { $0.threads } }

    /// The number of threads that wait for a call.
    public var idleCount: Int { state.withLock { $0.idle } }

    /// Runs `body` on one of the threads and returns its result.
    ///
    /// A result that comes after the caller has gone on is dropped, so a result that must be closed
    /// has to close itself.
    ///
    /// - Parameters:
    ///   - key: names what the call may wait for, such as the root of a file system, so that the
    ///     calls of one key never take all threads.
    ///   - limit: the longest time to wait for the call, including the wait for a thread; nil, for
    ///     calls that are known to be short, waits for as long as the call takes.
    /// - Throws: `Failure`, `CancellationError`, or what `body` throws.
    public func run<Value: Sendable>(
        for key: String,
        within limit: Duration?,
        _ body: @escaping @Sendable (Abandonment) throws -> Value
    ) async throws -> Value {
        let abandonment = Abandonment()
        let answer = Answer<Value>()
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let alarm = limit.map { limit in
            Alarm(after: limit) { [weak self] in
                self?.withdraw(id)
                abandonment.abandon()
                answer.give(.failure(Failure.timedOut))
            }
        }
        defer { alarm?.cancel() }
        // The thread sanitizer does not see the order of events if a continuation is resumed before
        // it is awaited. It sees the lock that the thread has held.
        defer { answer.settle() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                answer.wait(continuation)
                guard !Task.isCancelled else { return answer.give(.failure(CancellationError())) }
                let isTaken = enter(
                    Job(id: id, key: key) {
                        guard !abandonment.isAbandoned else { return }
                        answer.give(Result { try body(abandonment) })
                    }
                )
                if !isTaken { answer.give(.failure(Failure.full)) }
            }
        } onCancel: {
            withdraw(id)
            abandonment.abandon()
            answer.give(.failure(CancellationError()))
        }
    }

    /// Runs `body` on one of the threads and does not wait for it. This is for work that must not
    /// be refused, such as closing something, so the number of waiting calls is not limited.
    public func perform(for key: String, _ body: @escaping @Sendable () -> Void) {
        _ = enter(Job(id: 0, key: key, run: body), isBounded: false)
    }

    /// The result that a caller waits for. It is given once, before or after the caller begins to
    /// wait.
    private final class Answer<Value: Sendable>: Sendable {
        private enum Phase {
            case none
            case awaited(CheckedContinuation<Value, any Error>)
            case early(Result<Value, any Error>)
            case given
        }

        private let phase = Mutex(Phase.none)

        func wait(_ continuation: CheckedContinuation<Value, any Error>) {
            let early: Result<Value, any Error>? = phase.withLock { phase in
                if case .early(let result) = phase {
                    phase = .given
                    return result
                }
                phase = .awaited(continuation)
                return nil
            }
            if let early { continuation.resume(with: early) }
        }

        /// Takes the lock once more, after the thread that has given the answer.
        func settle() {
            phase.withLock { _ in }
        }

        func give(_ result: Result<Value, any Error>) {
            let continuation: CheckedContinuation<Value, any Error>? = phase.withLock { phase in
                switch phase {
                case .none: phase = .early(result)
                case .awaited(let continuation):
                    phase = .given
                    return continuation
                case .early, .given: break
                }
                return nil
            }
            continuation?.resume(with: result)
        }
    }

    /// Queues a job for a thread and starts a thread if one more may run; returns false if too many
    /// jobs wait.
    private func enter(_ job: Job, isBounded: Bool = true) -> Bool {
        let starts: Bool? = state.withLock { state in
            guard !isBounded || state.waiting.count < capacity else { return nil }
            state.waiting.append(job)
            if state.idle > 0 {
                state.idle -= 1
                wakeUps.signal()
                return false
            }
            guard state.threads < threads, state.running[job.key, default: 0] < threadsPerKey else {
                return false
            }
            state.threads += 1
            return true
        }
        guard let starts else { return false }
        // If no thread can be started, the job waits for one that runs already, or until its time
        // is over.
        if starts, !startThread() { state.withLock { $0.threads -= 1 } }
        return true
    }

    private func withdraw(_ id: UInt64) {
        state.withLock { $0.waiting.removeAll { $0.id == id } }
    }

    /// Runs jobs until none may run any more. A thread that is kept then waits for more.
    private func work() {
        var last: String?
        while true {
            var isKept = false
            let job: Job? = state.withLock { state in
                if let last {
                    let left = state.running[last, default: 1] - 1
                    state.running[last] = left > 0 ? left : nil
                }
                let next = state.waiting.firstIndex { job in
                    state.running[job.key, default: 0] < threadsPerKey
                }
                guard let next else {
                    isKept = state.idle < kept
                    if isKept { state.idle += 1 } else { state.threads -= 1 }
                    return nil
                }
                let job = state.waiting.remove(at: next)
                state.running[job.key, default: 0] += 1
                return job
            }
            last = job?.key
            if let job {
                job.run()
            } else if isKept {
                wakeUps.wait()
            } else {
                return
            }
        }
    }

    private func startThread() -> Bool {
        // Signals are for the thread that waits for them, so this thread blocks them.
        var all = sigset_t()
        var before = sigset_t()
        unsafe sigfillset(&all)
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS] {
            unsafe sigdelset(&all, fault)
        }
        unsafe pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { unsafe pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let box = unsafe Unmanaged.passRetained(self)
        let result = unsafe pthread_create(
            &thread,
            nil,
            { context in
                guard let context = unsafe context else { return nil }
                unsafe Unmanaged<BlockingThreads>.fromOpaque(context).takeRetainedValue().work()
                return nil
            },
            box.toOpaque()
        )
        guard result == 0 else {
            unsafe box.release()
            return false
        }
        pthread_detach(thread)
        return true
    }
}
