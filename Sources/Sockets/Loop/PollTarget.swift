/// What a descriptor is watched for, or found to be.
public struct Readiness: OptionSet, Sendable {
    /// The bits of `epoll_event.events`.
    public let rawValue: UInt32

    /// The bits as they are.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There is something to read or to accept.
    public static let readable = Readiness(rawValue: 0x001)
    /// There is room to send.
    public static let writable = Readiness(rawValue: 0x004)
    /// The connection has failed. Reported unasked.
    public static let failed = Readiness(rawValue: 0x008)
    /// Both directions have ended. Reported unasked.
    public static let hungUp = Readiness(rawValue: 0x010)
    /// The other side has ended its direction.
    public static let peerEnded = Readiness(rawValue: 0x2000)
}

/// A descriptor on the loop and what is to be done about it; the base of connections.
@EventLoop
open class PollTarget {
    /// The descriptor; nil once it is closed or handed over.
    public final var descriptor: FileDescriptor?
    /// What the poller watches for.
    public internal(set) final var interest: Readiness = []
    /// Tells this registration's events from those of an earlier one with the same number.
    final var generation: UInt32 = 0
    /// The tick of the deadline; 0 for none.
    final var deadline: UInt32 = 0
    /// The tick of the entry in the wheel; 0 for none.
    final var filed: UInt32 = 0

    /// A target that owns the descriptor.
    public init(descriptor: consuming FileDescriptor) {
        self.descriptor = consume descriptor
    }

    /// The descriptor has become ready.
    open func ready(_ readiness: Readiness) {}

    /// The deadline has passed; there is none now.
    open func deadlineReached() {}

    /// Sets the one deadline, in place of an earlier one. Cheap: the wheel is corrected lazily.
    public final func setDeadline(in ticks: Ticks) {
        Poller.shared.setDeadline(self, in: ticks)
    }

    /// Takes the deadline back.
    public final func clearDeadline() {
        deadline = 0
    }

    /// Watches for something else from now on.
    public final func watch(for interest: Readiness) {
        if interest != self.interest { Poller.shared.change(self, to: interest) }
    }

    /// Watches for nothing until `resume`, not even for the end of the other side.
    public final func suspend() {
        Poller.shared.suspend(self)
    }

    /// Watches again; false if the kernel refuses.
    public final func resume(for interest: Readiness) -> Bool {
        Poller.shared.resume(self, for: interest)
    }

    /// Closes the descriptor and leaves the poller; does nothing the second time.
    public final func close() {
        if descriptor != nil { Poller.shared.remove(self) }
    }
}
