import CLinux
import Foundation
import Glibc
import Synchronization

/// The thread on which children are started and their pipes are served: an executor that also
/// waits for descriptors.
///
/// Children inherit the signal mask of the thread that starts them. Threads of Swift's and
/// Dispatch's pools have signals blocked; this one has none blocked while it starts a child.
final class CommandThread: SerialExecutor {
    /// A descriptor on which something can be done.
    struct Ready {
        /// What was given when it was added.
        var token: UInt64
    }

    private let epoll: Int32
    private let wake: Int32
    private let inbox = Mutex(Inbox())
    private let thread = Mutex<pthread_t?>(nil)

    private struct Inbox {
        var jobs: [UnownedJob] = []
        var actions: [@Sendable () -> Void] = []
        var isEnding = false

        var isEmpty: Bool { jobs.isEmpty && actions.isEmpty && !isEnding }
    }

    /// The token of the descriptor by which the thread is woken.
    private static let wakeToken = UInt64.max
    private static let mostReady = 64

    init() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wake = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        precondition(epoll >= 0 && wake >= 0, "no descriptors left for the docker commands")
        let isWoken = add(wake, events: EPOLLIN.rawValue, token: Self.wakeToken)
        precondition(isWoken, "the thread of the docker commands cannot be woken")
    }

    /// Starts the thread. `turn` is called on it after every wait, and says for how many
    /// milliseconds at most the next one may last; -1 for ever.
    func start(_ turn: @escaping @Sendable ([Ready]) -> Int32) {
        let body = Thread { [self] in
            Self.blockSignals()
            thread.withLock { $0 = pthread_self() }
            run(turn)
        }
        body.name = "docker"
        body.start()
    }

    /// Lets the thread end and closes what is its own. Nothing may be enqueued afterwards.
    func end() {
        post { $0.isEnding = true }
    }

    /// Runs an action on the thread, in the order of the calls.
    func perform(_ action: @escaping @Sendable () -> Void) {
        post { $0.actions.append(action) }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        post { $0.jobs.append(job) }
    }

    func checkIsolated() {
        precondition(isCurrent, "not on the thread of the docker commands")
    }

    func isIsolatingCurrentContext() -> Bool? {
        isCurrent
    }

    /// Whether the caller runs on this thread.
    private var isCurrent: Bool {
        thread.withLock { $0 }.map { pthread_equal($0, pthread_self()) != 0 } ?? false
    }

    /// Reports the descriptor, under its token, whenever one of the events is there. False if the
    /// kernel refuses, which it does once a user has too many of them.
    func add(_ descriptor: Int32, events: UInt32, token: UInt64) -> Bool {
        var event = unsafe epoll_event()
        unsafe event.events = events
        unsafe event.data.u64 = token
        return unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0
    }

    /// Reports the descriptor no more. To be called before it is closed.
    func remove(_ descriptor: Int32) {
        var event = unsafe epoll_event()
        // It may be gone already where the kernel saw its last copy closed.
        _ = unsafe epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event)
    }

    private func post(_ change: (inout Inbox) -> Void) {
        let wasEmpty = inbox.withLock { inbox in
            let wasEmpty = inbox.isEmpty
            change(&inbox)
            return wasEmpty
        }
        guard wasEmpty else { return }
        var one: UInt64 = 1
        // It can only fail where it is full, and then the thread is awake.
        _ = unsafe write(wake, &one, 8)
    }

    private func run(_ turn: @Sendable ([Ready]) -> Int32) {
        var events = unsafe [epoll_event](repeating: epoll_event(), count: Self.mostReady)
        var timeout: Int32 = 0
        while true {
            let count = unsafe epoll_wait(epoll, &events, Int32(events.count), timeout)
            var ready: [Ready] = []
            for place in 0..<Int(max(0, count)) {
                let token = unsafe events[place].data.u64
                if token == Self.wakeToken {
                    var value: UInt64 = 0
                    _ = unsafe read(wake, &value, 8)
                } else {
                    ready.append(Ready(token: token))
                }
            }
            let taken = inbox.withLock { inbox in
                defer { inbox = Inbox(isEnding: inbox.isEnding) }
                return inbox
            }
            for action in taken.actions { action() }
            for job in taken.jobs { unsafe job.runSynchronously(on: asUnownedSerialExecutor()) }
            if taken.isEnding { break }
            timeout = turn(ready)
        }
        close(wake)
        close(epoll)
    }

    /// Everything but the signals of faults: none is to be handled here, and a pipe whose reader
    /// has gone must give an error instead of a signal.
    private static func blockSignals() {
        var all = sigset_t()
        unsafe sigfillset(&all)
        for fault in [SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS] {
            unsafe sigdelset(&all, fault)
        }
        unsafe pthread_sigmask(SIG_SETMASK, &all, nil)
    }

    /// Runs `body` with no signal blocked.
    static func withSignalsUnblocked<Value>(_ body: () -> Value) -> Value {
        // One that a write to a closed pipe has left waiting would end the process now.
        var pipe = sigset_t()
        unsafe sigemptyset(&pipe)
        unsafe sigaddset(&pipe, SIGPIPE)
        var none = timespec()
        while unsafe sigtimedwait(&pipe, nil, &none) == SIGPIPE {}
        var empty = sigset_t()
        unsafe sigemptyset(&empty)
        unsafe pthread_sigmask(SIG_SETMASK, &empty, nil)
        defer { blockSignals() }
        return body()
    }
}
