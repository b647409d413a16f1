/// A span of time in the steps of the loop's timers, rounded up.
public struct Ticks: Sendable, Hashable {
    let count: UInt32

    /// The fewest steps that are no shorter than the duration.
    public init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(milliseconds: Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }

    /// The smallest number of steps that last at least this many milliseconds.
    public init(milliseconds: Int) {
        let milliseconds = max(0, milliseconds)
        let step = TimerWheel.step
        // One more, because the present step has been used up in part.
        count = UInt32(clamping: min((milliseconds + step - 1) / step + 1, 1 << 30))
    }
}
