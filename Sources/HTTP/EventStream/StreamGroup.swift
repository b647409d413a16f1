internal import Synchronization

/// Streams that belong together: they are counted, and can be ended together.
public final class StreamGroup: Sendable {
    private let open = Atomic<Int>(0)
    private let ended = Atomic<Bool>(false)

    /// A group without a stream.
    public init() {}

    /// How many streams of the group are open; from any thread.
    public var count: Int { open.load(ordering: .relaxed) }

    /// Whether the group has been ended, and takes no more; from any thread.
    public var isEnded: Bool { ended.load(ordering: .acquiring) }

    func count(_ change: Int) {
        open.add(change, ordering: .relaxed)
    }

    func end() {
        ended.store(true, ordering: .releasing)
    }
}
