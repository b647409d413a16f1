public import Metrics

/// How the commits have gone since the journal was opened. Counts only grow.
public struct CommitStatistics: Sendable {
    /// How long each transaction took that has kept something.
    public internal(set) var times = Histogram(
        bounds: [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
            2.5,
        ]
    )
    /// Transactions that failed.
    public internal(set) var failures = 0

    /// Of a journal without commits.
    public init() {}
}
