import Threads

/// The pace of progress events: many at first, and fewer the longer it takes, so that a pull of half an
/// hour does not fill the journal.
struct ProgressThrottle: Sendable {
    private let start = ContinuousClock.now

    /// Waits until the next progress event is due.
    func pause() async throws {
        try await Task.pause(for: interval)
    }

    private var interval: Duration {
        min(max(.milliseconds(40), (ContinuousClock.now - start) / 200), .milliseconds(500))
    }
}
