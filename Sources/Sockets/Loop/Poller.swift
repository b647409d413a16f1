internal import Glibc

/// Holds the epoll set, the targets by descriptor, the deadlines, and the work for the end of a
/// turn.
@EventLoop
public final class Poller {
    /// The loop's poller.
    public static let shared = Poller()

    private var epoll = EpollSet(owning: FileDescriptor(owning: -1))
    private var targets: [PollTarget?] = []
    private var generation: UInt32 = 0
    private var wheel: TimerWheel
    private var atTurnEnd: [@EventLoop () -> Void] = []
    private var found: [EpollSet.Event] = []
    private let origin: Int
    /// The present tick, counted from 1; set once a turn.
    private var now: UInt32 = 1
    /// The buffer that received bytes are read into first. A target takes out what it keeps before
    /// it returns.
    public var scratch = [UInt8](repeating: 0, count: 65_536)

    private static let wakeToken = UInt64.max

    private init() {
        origin = Self.monotonicMilliseconds()
        wheel = TimerWheel(now: 1)
    }

    func attach(epoll: consuming FileDescriptor, wake: Int32) {
        self.epoll = EpollSet(owning: epoll)
        _ = self.epoll.add(wake, for: .readable, token: Self.wakeToken)
    }

    /// Adds the target and watches for the events of the interest.
    public func add(_ target: PollTarget, for interest: PollEvents) throws(SystemError) {
        guard let number = target.descriptor?.number else { return }
        if targets.count <= Int(number) {
            let missing = Int(number) + 1 - targets.count
            targets.append(contentsOf: repeatElement(nil, count: max(missing, 64)))
        }
        adopt(target, as: number)
        target.interest = interest
        guard epoll.add(number, for: interest, token: token(number, target)) else {
            let failure = SystemError.current("epoll_ctl")
            targets[Int(number)] = nil
            throw failure
        }
    }

    /// Puts the successor in the target's place. It takes over the descriptor and the interest.
    public func replace(_ target: PollTarget, with successor: PollTarget) {
        guard let number = successor.descriptor?.number else { return }
        adopt(successor, as: number)
        successor.interest = target.interest
        _ = epoll.change(number, to: successor.interest, token: token(number, successor))
    }

    /// Whether there is already work for the next turn, so that it must not wait.
    var isBusy: Bool { !atTurnEnd.isEmpty }

    /// Runs the work after everything else of this turn. If this turn's end has begun, it runs at
    /// the end of the next.
    public func atEndOfTurn(_ work: @escaping @EventLoop () -> Void) {
        atTurnEnd.append(work)
    }

    /// The time since the loop began, in milliseconds. It does not change during a turn.
    public var milliseconds: Int { Int(now) * TimerWheel.step }

    /// The wall clock, in whole seconds since 1970.
    public var unixTime: Int { time(nil) }

    func change(_ target: PollTarget, to interest: PollEvents) {
        guard let number = target.descriptor?.number else { return }
        target.interest = interest
        _ = epoll.change(number, to: interest, token: token(number, target))
    }

    /// Stops reporting the target, even if its other side has gone.
    func suspend(_ target: PollTarget) {
        guard let number = target.descriptor?.number else { return }
        target.interest = []
        epoll.remove(number)
    }

    /// Reports the target again; returns false if the kernel refuses.
    func resume(_ target: PollTarget, for interest: PollEvents) -> Bool {
        guard let number = target.descriptor?.number else { return false }
        target.interest = interest
        return epoll.add(number, for: interest, token: token(number, target))
    }

    func remove(_ target: PollTarget) {
        guard let descriptor = target.descriptor.take() else { return }
        // A child process that is being started may have a copy for a while, so closing this
        // descriptor would not end the watching.
        epoll.remove(descriptor.number)
        // A target that was never added may have a number beyond the table.
        let number = Int(descriptor.number)
        if number < targets.count { targets[number] = nil }
        target.deadline = 0
    }

    func setDeadline(_ target: PollTarget, in ticks: Ticks) {
        target.deadline = now + ticks.count
        if target.filed == 0 || target.filed > target.deadline { file(target) }
    }

    /// Waits for readiness, the next deadline or a wake-up; returns true for a wake-up.
    func wait(mayBlock: Bool) -> Bool {
        var timeout: Int32 = mayBlock ? -1 : 0
        if mayBlock, let next = wheel.next {
            let due = origin + Int(next) * TimerWheel.step
            timeout = Int32(clamping: max(0, due - Self.monotonicMilliseconds()))
        }
        epoll.wait(timeout, &found)
        now = UInt32(clamping: (Self.monotonicMilliseconds() - origin) / TimerWheel.step)
        now = max(now, 1)
        return found.contains { $0.token == Self.wakeToken }
    }

    /// Hands out the events that the wait has found, then the deadlines that have passed.
    func dispatch() {
        for event in found {
            guard let target = target(of: event.token) else { continue }
            target.ready(event.readiness)
        }
        for (tick, tokens) in wheel.removeDue(now) {
            for token in tokens {
                guard let target = target(of: token), target.filed == tick else { continue }
                target.filed = 0
                if target.deadline == 0 { continue }
                if target.deadline > now {
                    file(target)
                } else {
                    target.deadline = 0
                    target.deadlineReached()
                }
            }
        }
    }

    func endTurn() {
        guard !atTurnEnd.isEmpty else { return }
        let work = atTurnEnd
        atTurnEnd = []
        for item in work { item() }
    }

    private func adopt(_ target: PollTarget, as number: Int32) {
        generation &+= 1
        // This value would make the token of the wake-up.
        if generation == .max { generation = 1 }
        target.generation = generation
        targets[Int(number)] = target
    }

    private func file(_ target: PollTarget) {
        guard let number = target.descriptor?.number else { return }
        target.filed = wheel.insert(token(number, target), at: target.deadline)
    }

    private func token(_ number: Int32, _ target: PollTarget) -> UInt64 {
        UInt64(target.generation) << 32 | UInt64(UInt32(bitPattern: number))
    }

    private func target(of token: UInt64) -> PollTarget? {
        let number = Int(token & 0xffff_ffff)
        guard number < targets.count, let target = targets[number],
            target.generation == UInt32(token >> 32)
        else { return nil }
        return target
    }

    private static func monotonicMilliseconds() -> Int {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return time.tv_sec * 1000 + time.tv_nsec / 1_000_000
    }
}
