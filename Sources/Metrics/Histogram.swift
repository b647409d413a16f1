/// How often values came to lie between bounds. A value: whoever owns it guards it.
public struct Histogram: Sendable, Equatable {
    /// The upper ends of the buckets, inclusive, ascending; a last bucket without an end follows.
    public let bounds: [Double]
    /// How many values fell into each bucket, not into those before it; one more than `bounds`.
    public private(set) var counts: [Int]
    /// All values together.
    public private(set) var sum = 0.0

    /// A histogram of nothing yet; the bounds ascend.
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

    /// How many values there were.
    public var count: Int { counts.reduce(0, +) }
}
