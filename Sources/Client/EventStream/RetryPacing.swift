/// The pauses between attempts to connect. Each is twice as long as the one before, with a random addition,
/// so that the clients of a restarted server do not all come back at once.
struct RetryPacing: Sendable {
    /// The pause before the first attempt.
    var first = Duration.milliseconds(250)
    /// The longest pause, however many attempts there were.
    var longest = Duration.seconds(5)
    /// A random number from 0 to 1. Multiplied by a quarter of the pause, it is added to the pause.
    var chance: @Sendable () -> Double = { Double.random(in: 0...1) }

    /// The pause before the attempt of that number, counted from 1.
    func pause(_ attempt: Int, after error: ClientError) -> Duration {
        if case .refused(let problem) = error, let seconds = problem.retryAfter {
            return .seconds(min(seconds, 60))
        }
        let doubled = first * (1 << min(attempt - 1, 10))
        return min(doubled, longest) * (1 + chance() / 4)
    }
}
