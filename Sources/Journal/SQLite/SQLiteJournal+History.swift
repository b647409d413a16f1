public import Deployments

extension SQLiteJournal {
    /// How many deployments `prune` looks for at once.
    private static let pruneLimit = 10_000

    /// The deployment that the key stands for.
    public func deployment(
        for key: IdempotencyKey,
        at moment: Timestamp
    ) async throws(JournalError) -> KeyedDeployment? {
        try await reader.deployment(for: key, at: moment)
    }

    /// A page of the deployments that the query asks for.
    public func history(_ query: HistoryQuery) async throws(JournalError) -> HistoryPage {
        try await reader.history(query)
    }

    /// What there is of each app in each environment.
    public func apps(within accessScope: AccessScope) async throws(JournalError) -> [AppSummary] {
        try await reader.apps(within: accessScope)
    }

    /// Whose deployment it is.
    public func owner(of id: DeploymentID) async throws(JournalError) -> DeploymentOwner? {
        try await reader.owner(of: id)
    }

    /// What a view begins with.
    public func overview(of scope: DeploymentFilter, limit: Int) async throws(JournalError)
        -> JournalSnapshot
    {
        try await reader.overview(of: scope, limit: limit)
    }

    /// Forgets a deployment and its events.
    public func delete(
        _ id: DeploymentID,
        at moment: Timestamp
    ) async throws(JournalError) -> StoredEvent {
        try await submit(.delete(id, moment, "Deleted on request"), .durable)
    }

    /// Forgets what is not to be kept.
    public func prune(
        _ retention: Retention,
        at moment: Timestamp
    ) async throws(JournalError) -> Int {
        // A connection of its own: this look at the whole history must hold nobody up.
        let reader = try JournalReader(database: await writer.database)
        let expired = moment.microseconds - IdempotencyKey.lifetime
        try await writer.forgetKeys(before: Timestamp(microseconds: expired))
        var count = 0
        while !Task.isCancelled {
            let ids = try await reader.prunable(retention, at: moment, limit: Self.pruneLimit)
            let before = count
            for id in ids where !Task.isCancelled {
                do throws(JournalError) {
                    // One at a time, so that other changes come in between.
                    _ = try await submit(.delete(id, moment, "No longer kept"), .grouped)
                    count += 1
                } catch {
                    // Its container may have been started again meanwhile.
                    guard error.isRefusal else { throw error }
                }
            }
            // Where some are left that were refused, the next call looks at them again.
            if ids.count < Self.pruneLimit || count == before { break }
        }
        return count
    }
}
