/// The pauses between attempts: twice as long each time, and a little at random, so that many
/// clients of a server that comes back do not come at once.
struct RetryPacing: Sendable {
    /// Before the first attempt.
    var first = Duration.milliseconds(250)
    /// However many attempts there were.
    var longest = Duration.seconds(5)
    /// From 0 to 1; what is added is up to a quarter of the pause.
    var chance: @Sendable () -> Double = { Double.random(in: 0...1) }

    /// The pause before an attempt, counted from 1.
    func pause(_ attempt: Int, after error: ClientError) -> Duration {
        if case .refused(let problem) = error, let seconds = problem.retryAfter {
            return .seconds(min(seconds, 60))
        }
        let doubled = first * (1 << min(attempt - 1, 10))
        return min(doubled, longest) * (1 + chance() / 4)
    }
}
