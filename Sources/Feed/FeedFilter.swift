public import Journal

/// The part of the feed that a watcher asks for.
public struct FeedFilter: Sendable, Hashable {
    /// The deployments of interest.
    public var scope: DeploymentFilter
    /// The kinds of events of interest. Snapshots and heartbeats are always included.
    public var kinds: Set<FeedEvent.Kind>

    /// Creates a filter for a scope; it includes all kinds unless some are named.
    public init(scope: DeploymentFilter, kinds: Set<FeedEvent.Kind> = Set(FeedEvent.Kind.allCases))
    {
        self.scope = scope
        self.kinds = kinds.union([.snapshot, .heartbeat])
    }
}
