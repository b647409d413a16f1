public import Journal

/// What of the feed a watcher asks for.
public struct FeedFilter: Sendable, Hashable {
    /// Of which deployments.
    public var scope: DeploymentFilter
    /// Events of these kinds alone; snapshots and heartbeats come whatever is asked for.
    public var kinds: Set<FeedEvent.Kind>

    /// Events of a scope, of all kinds unless some are named.
    public init(scope: DeploymentFilter, kinds: Set<FeedEvent.Kind> = Set(FeedEvent.Kind.allCases))
    {
        self.scope = scope
        self.kinds = kinds.union([.snapshot, .heartbeat])
    }
}
