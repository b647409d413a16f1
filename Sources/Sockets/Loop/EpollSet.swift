internal import CLinux

/// The kernel's list of watched descriptors. Each has a token that is returned with its events.
struct EpollSet: ~Copyable {
    /// One descriptor's readiness.
    struct Event {
        let token: UInt64
        let readiness: PollEvents
    }

    private static let mostInATurn = 512
    private let descriptor: FileDescriptor

    init(owning descriptor: consuming FileDescriptor) {
        self.descriptor = descriptor
    }

    func add(_ number: Int32, for interest: PollEvents, token: UInt64) -> Bool {
        control(EPOLL_CTL_ADD, number, interest, token: token)
    }

    func change(_ number: Int32, to interest: PollEvents, token: UInt64) -> Bool {
        control(EPOLL_CTL_MOD, number, interest, token: token)
    }

    /// Stops watching the descriptor. Does nothing if it is not watched.
    func remove(_ number: Int32) {
        _ = control(EPOLL_CTL_DEL, number, [], token: 0)
    }

    /// Waits for `timeout` milliseconds, or for ever if it is -1, and replaces the array's content
    /// by the events that were found.
    func wait(_ timeout: Int32, _ found: inout [Event]) {
        found.removeAll(keepingCapacity: true)
        unsafe withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: Self.mostInATurn) {
            let count = unsafe epoll_wait(
                descriptor.number,
                $0.baseAddress,
                Int32($0.count),
                timeout
            )
            // An interrupted wait counts as one that found nothing.
            guard count > 0 else { return }
            for index in 0..<Int(count) {
                let event = unsafe $0[index]
                found.append(
                    Event(
                        token: unsafe event.data.u64,
                        readiness: PollEvents(rawValue: unsafe event.events)
                    )
                )
            }
        }
    }

    private func control(
        _ operation: Int32,
        _ number: Int32,
        _ interest: PollEvents,
        token: UInt64
    ) -> Bool {
        var event = unsafe epoll_event()
        unsafe event.events = interest.rawValue
        unsafe event.data.u64 = token
        return unsafe epoll_ctl(descriptor.number, operation, number, &event) == 0
    }
}
