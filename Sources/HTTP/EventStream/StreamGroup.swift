internal import Synchronization

/// Streams that are counted together and can be ended together.
public final class StreamGroup: Sendable {
    private let open = Atomic<Int>(0)
    private let ended = Atomic<Bool>(false)

    /// Creates a group without streams.
    public init() {}

    /// The number of open streams of the group. May be read from any thread.
    public var count: Int { open.load(ordering: .relaxed) }

    /// Whether the group has been ended and takes no more streams. May be read from any thread.
    public var isEnded: Bool { ended.load(ordering: .acquiring) }

    func count(_ change: Int) {
        open.add(change, ordering: .relaxed)
    }

    func end() {
        ended.store(true, ordering: .releasing)
    }
}
