/// The pauses after attempts that have failed: each a fifth longer than the one before it, so that
/// one who stumbles is asked often at first; and a quarter more or less at random, so that many
/// senders do not come at once.
struct Backoff: Sendable {
    /// After the first failure.
    var first = Duration.milliseconds(50)
    /// From 0 to 1.
    var chance: @Sendable () -> Double = { Double.random(in: 0...1) }

    /// The pause after this many failures in a row, counted from 1.
    func pause(after failures: Int, longest: Duration) -> Duration {
        var pause = first
        var count = 1
        while count < failures, pause < longest {
            pause = pause * 1.2
            count += 1
        }
        return min(pause, longest) * (0.75 + chance() / 2)
    }
}
