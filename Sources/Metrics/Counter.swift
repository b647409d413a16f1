internal import Synchronization

/// A number that only grows; from any thread.
public final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    /// A counter at 0.
    public init() {}

    /// Adds to it; `number` is not negative.
    public func add(_ number: Int = 1) {
        count.add(number, ordering: .relaxed)
    }

    /// How far it has come.
    public var value: Int { count.load(ordering: .relaxed) }
}
