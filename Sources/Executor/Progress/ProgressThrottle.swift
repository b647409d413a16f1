import Threads

/// How often progress is told: often at first, and less the longer it takes, so that a pull of
/// half an hour does not fill the journal.
struct ProgressThrottle: Sendable {
    private let start = ContinuousClock.now

    /// Waits for as long as is right by now.
    func pause() async throws {
        try await Task.pause(for: interval)
    }

    private var interval: Duration {
        min(max(.milliseconds(10), (ContinuousClock.now - start) / 200), .milliseconds(500))
    }
}
