public import Metrics

/// The statistics of commits since the journal was opened. Counts only grow.
public struct CommitStatistics: Sendable {
    /// The duration of each transaction that has stored something.
    public internal(set) var times = Histogram(
        bounds: [
            0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
            2.5,
        ]
    )
    /// The number of failed transactions.
    public internal(set) var failures = 0

    /// Creates statistics of a journal without commits.
    public init() {}
}
