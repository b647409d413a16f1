import Dispatch
import Glibc
import Synchronization

/// Threads for calls that may wait for ever: for a disk, another machine's file system, a name
/// server.
///
/// Swift's own pool has one thread a core; a call that waits there holds up everybody. Here it
/// holds up its own caller alone, and that one no longer than it wants to wait: whoever is
/// cancelled, or whose time is over, goes on, and the thread that the kernel does not let go of is
/// left behind. Until it comes back it counts against its key.
public final class BlockingThreads: Sendable {
    /// Why a call was not waited for.
    public enum Failure: Error, Equatable {
        /// It did not return in time, or found no thread in time.
        case timedOut
        /// Too many calls wait for a thread already.
        case full
    }

    /// Tells a call that nobody waits for it any more.
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
        /// Threads that wait for a call, and have not been woken for one.
        var idle = 0
        var nextID: UInt64 = 0
    }

    /// - Parameters:
    ///   - threads: at most this many threads run at once.
    ///   - threadsPerKey: at most this many of them run calls of one key.
    ///   - capacity: at most this many calls wait for a thread.
    ///   - kept: this many threads wait for the next call once they have nothing to do; the others end.
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

    /// How many threads run now, those left behind among them.
    public var count: Int { state.withLock { $0.threads } }

    /// How many of them wait for a call.
    public var idleCount: Int { state.withLock { $0.idle } }

    /// Runs `body` on a thread of its own and gives what it returns.
    ///
    /// A result that comes after the caller has gone on is dropped: one that must be closed has to
    /// close itself.
    ///
    /// - Parameters:
    ///   - key: what the call may wait for, such as the root of a file system: the calls of one key
    ///     never take the threads of all others.
    ///   - limit: how long the call is waited for, the wait for a thread included; nil for as long as it
    ///     takes, where that is known to be short.
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
        // A continuation that is resumed before it is awaited orders nothing that the thread sanitizer
        // sees; the lock that the thread has had does.
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

    /// Runs `body` on such a thread, and waits for nothing: to let go of what must not be held, and
    /// so for as many as there are.
    public func perform(for key: String, _ body: @escaping @Sendable () -> Void) {
        _ = enter(Job(id: 0, key: key, run: body), isBounded: false)
    }

    /// What a caller waits for: given once, at once or later.
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

        /// Takes the lock once more, after whoever has given the answer.
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

    /// Lets a job wait for a thread, and starts one if there may be one more; false if too many
    /// wait.
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
        // Without a thread the job waits for one of those that run, or for its time to be over.
        if starts, !startThread() { state.withLock { $0.threads -= 1 } }
        return true
    }

    private func withdraw(_ id: UInt64) {
        state.withLock { $0.waiting.removeAll { $0.id == id } }
    }

    /// Runs jobs until none is left that may run, and waits for more if it is kept.
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
        // Signals are for the thread that waits for them.
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
