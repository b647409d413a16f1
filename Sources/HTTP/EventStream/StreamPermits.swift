internal import Synchronization

/// How many event streams may be open at once.
public final class StreamPermits: Sendable {
    private let most: Int
    private let taken = Atomic<Int>(0)
    private let refusals = Atomic<Int>(0)

    /// At most `most` streams.
    public init(_ most: Int) {
        self.most = most
    }

    /// A place for one more, which its group counts from now on; nil if there is none.
    public func take(in group: StreamGroup?) -> StreamPermit? {
        guard taken.add(1, ordering: .relaxed).newValue <= most else {
            taken.subtract(1, ordering: .relaxed)
            refuse()
            return nil
        }
        return StreamPermit(self, group)
    }

    /// Counts a stream for which there is no room for another reason.
    func refuse() {
        refusals.add(1, ordering: .relaxed)
    }

    /// How often there was none.
    var refused: Int { refusals.load(ordering: .relaxed) }

    fileprivate func give() {
        taken.subtract(1, ordering: .relaxed)
    }
}

/// A place for an event stream, held before it begins and until it ends; given back when nobody holds
/// it any more.
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
