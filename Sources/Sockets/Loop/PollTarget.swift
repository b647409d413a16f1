/// The events that a descriptor is watched for, or that were found.
public struct PollEvents: OptionSet, Sendable {
    /// The bits of `epoll_event.events`.
    public let rawValue: UInt32

    /// Creates a set from the bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// There is something to read or to accept.
    public static let readable = PollEvents(rawValue: 0x001)
    /// There is room to send.
    public static let writable = PollEvents(rawValue: 0x004)
    /// The connection has failed. This is always reported.
    public static let failed = PollEvents(rawValue: 0x008)
    /// Both directions have ended. This is always reported.
    public static let hungUp = PollEvents(rawValue: 0x010)
    /// The other side has ended its direction.
    public static let peerEnded = PollEvents(rawValue: 0x2000)
}

/// A descriptor on the loop together with the code that handles its events; the base class of
/// connections.
@EventLoop
open class PollTarget {
    /// The descriptor; nil once it is closed or handed over.
    public final var descriptor: FileDescriptor?
    /// The events that the poller watches for.
    public internal(set) final var interest: PollEvents = []
    /// Distinguishes this registration's events from those of an earlier one with the same number.
    final var generation: UInt32 = 0
    /// The tick of the deadline; 0 for none.
    final var deadline: UInt32 = 0
    /// The tick of the entry in the wheel; 0 for none.
    final var filed: UInt32 = 0

    /// Creates a target that owns the descriptor.
    public init(descriptor: consuming FileDescriptor) {
        self.descriptor = consume descriptor
    }

    /// Called when the descriptor has become ready.
    open func ready(_ readiness: PollEvents) {}

    /// Called when the deadline has passed; there is no deadline then.
    open func deadlineReached() {}

    /// Sets the only deadline; it replaces an earlier one. This is cheap, because the wheel is
    /// corrected lazily.
    public final func setDeadline(in ticks: Ticks) {
        Poller.shared.setDeadline(self, in: ticks)
    }

    /// Removes the deadline.
    public final func clearDeadline() {
        deadline = 0
    }

    /// Changes the events that are watched for.
    public final func watch(for interest: PollEvents) {
        if interest != self.interest { Poller.shared.change(self, to: interest) }
    }

    /// Watches for nothing until `resume`, not even for the end of the other side.
    public final func suspend() {
        Poller.shared.suspend(self)
    }

    /// Watches again; false if the kernel refuses.
    public final func resume(for interest: PollEvents) -> Bool {
        Poller.shared.resume(self, for: interest)
    }

    /// Closes the descriptor and leaves the poller. Does nothing if it is closed already.
    public final func close() {
        if descriptor != nil { Poller.shared.remove(self) }
    }
}
