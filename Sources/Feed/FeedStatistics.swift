public import Metrics

/// The statistics of the feed since its start. Counts only grow; `views` is momentary.
public struct FeedStatistics: Sendable {
    /// The time to make each snapshot, including reading the journal and encoding.
    public internal(set) var times = Histogram(
        bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
    )
    /// The size of each snapshot in bytes.
    public internal(set) var sizes = Histogram(
        bounds: [1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304]
    )
    /// The number of snapshots that were sent; one that was made for several watchers counts for
    /// each.
    public internal(set) var given = 0
    /// The number of progress events that were left out because a newer event came before they were
    /// due.
    public internal(set) var merged = 0
    /// The number of requests that were refused because too many filters are watched.
    public internal(set) var refused = 0
    /// The number of views that are kept up to date.
    public internal(set) var views = 0
}
