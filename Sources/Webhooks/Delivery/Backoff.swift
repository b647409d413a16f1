/// The pauses after failed attempts. Each is a fifth longer than the one before it, so that a
/// receiver with a short fault gets the event soon. Each also varies by up to a quarter at random,
/// so that many senders do not come at the same time.
struct Backoff: Sendable {
    /// The pause after the first failure.
    var first = Duration.milliseconds(50)
    /// A random number from 0 to 1.
    var chance: @Sendable () -> Double = { Double.random(in: 0...1) }

    /// The pause after this number of consecutive failures, which is at least 1.
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
