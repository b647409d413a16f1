public import Metrics

/// What the feed has done since its start. Counts only grow; `views` is that of one moment.
public struct FeedStatistics: Sendable {
    /// How long it took to make each snapshot: the look at the journal and the writing.
    public internal(set) var times = Histogram(
        bounds: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
    )
    /// How many bytes each snapshot has.
    public internal(set) var sizes = Histogram(
        bounds: [1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304]
    )
    /// Snapshots that watchers were given, one made for several counted for each.
    public internal(set) var given = 0
    /// Progress that a filter's watchers were not told of, because newer came before its turn.
    public internal(set) var merged = 0
    /// Requests that were refused because too many filters are watched.
    public internal(set) var refused = 0
    /// Filters that are kept up.
    public internal(set) var views = 0
}
