/// Counts values by ranges. This is a value type; its owner protects it from concurrent use.
public struct Histogram: Sendable, Equatable {
    /// The upper ends of the buckets, inclusive, ascending; a last bucket without an end follows.
    public let bounds: [Double]
    /// The number of values in each bucket alone, not cumulated; there is one more bucket than
    /// `bounds`.
    public private(set) var counts: [Int]
    /// The sum of all values.
    public private(set) var sum = 0.0

    /// Creates an empty histogram; the bounds must ascend.
    public init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Adds a value.
    public mutating func observe(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }

    /// Adds a time, in seconds.
    public mutating func observe(_ time: Duration) {
        observe(time / .seconds(1))
    }

    /// The number of all values.
    public var count: Int { counts.reduce(0, +) }
}
