/// A span of time in steps of the loop's timers, rounded up.
public struct Ticks: Sendable, Hashable {
    let count: UInt32

    /// Creates the smallest number of steps that last at least as long as the duration.
    public init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(milliseconds: Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000))
    }

    /// Creates the smallest number of steps that last at least this many milliseconds.
    public init(milliseconds: Int) {
        let milliseconds = max(0, milliseconds)
        let step = TimerWheel.step
        // One step is added because the present one has already begun.
        count = UInt32(clamping: min((milliseconds + step - 1) / step + 1, 1 << 30))
    }
}
