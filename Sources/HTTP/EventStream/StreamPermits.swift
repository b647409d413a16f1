internal import Synchronization

/// Limits the number of event streams that are open at once.
public final class StreamPermits: Sendable {
    private let most: Int
    private let taken = Atomic<Int>(0)
    private let refusals = Atomic<Int>(0)

    /// Allows at most `most` streams.
    public init(_ most: Int) {
        self.most = most
    }

    /// Takes a permit for one more stream, which its group counts from now on; nil if none is free.
    public func take(in group: StreamGroup?) -> StreamPermit? {
        guard taken.add(1, ordering: .relaxed).newValue <= most else {
            taken.subtract(1, ordering: .relaxed)
            refuse()
            return nil
        }
        return StreamPermit(self, group)
    }

    /// Counts a stream that is refused for another reason.
    func refuse() {
        refusals.add(1, ordering: .relaxed)
    }

    /// The number of refused streams.
    var refused: Int { refusals.load(ordering: .relaxed) }

    fileprivate func give() {
        taken.subtract(1, ordering: .relaxed)
    }
}

/// The permission for one event stream. It is held before the stream begins and until it ends, and
/// is given back when the last reference is gone.
public final class StreamPermit: Sendable {
    private let permits: StreamPermits
    private let group: StreamGroup?

    fileprivate init(_ permits: StreamPermits, _ group: StreamGroup?) {
        self.permits = permits
        self.group = group
        group?.count(1)
    }

    deinit {
        group?.count(-1)
        permits.give()
    }
}
