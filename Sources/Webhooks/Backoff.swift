/// The pauses after attempts that have failed: each twice as long as the one before it, and a
/// quarter more or less at random, so that many senders do not come at once.
struct Backoff: Sendable {
    /// After the first failure.
    var first = Duration.seconds(1)
    /// From 0 to 1.
    var chance: @Sendable () -> Double = { Double.random(in: 0...1) }

    /// The pause after so many failures in a row, counted from 1.
    func pause(after failures: Int, longest: Duration) -> Duration {
        let doubled = first * (1 << min(max(failures, 1) - 1, 30))
        return min(doubled, longest) * (0.75 + chance() / 2)
    }
}
