internal import Synchronization

/// A number that only grows. It may be used from any thread.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    /// A counter at 0.
    public init() {}

    /// Adds `number`, which must not be negative.
    public func add(_ number: Int = 1) {
        count.add(number, ordering: .relaxed)
    }

    /// The present number.
    public var value: Int { count.load(ordering: .relaxed) }
}
