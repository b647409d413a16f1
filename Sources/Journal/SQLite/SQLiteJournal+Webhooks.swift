public import Deployments

extension SQLiteJournal {
    /// The stage changes among the next `limit` events with ids above `after`.
    public func stageChanges(
        after: Int64,
        limit: Int
    ) async throws(JournalError) -> StageChanges {
        try await reader.stageChanges(after: after, limit: limit)
    }

    /// The ids of a deployment's stage changes above `after` up to `through`.
    public func stageChanges(
        of id: DeploymentID,
        after: Int64,
        through: Int64
    ) async throws(JournalError) -> [Int64] {
        try await reader.stageChanges(of: id, after: after, through: through)
    }

    /// The progress event of that id.
    public func event(_ id: Int64) async throws(JournalError) -> StoredEvent? {
        try await reader.event(id)
    }

    /// How far the sending to each webhook has come.
    public func webhookPlaces() async throws(JournalError) -> [String: DeliveryCursor] {
        try await reader.webhookPlaces()
    }

    /// Keeps how far the sending to a webhook has come.
    public func keep(
        _ place: DeliveryCursor,
        after former: DeliveryCursor?,
        of key: String
    ) async throws(JournalError) {
        try await writer.keep(place, after: former, of: key)
    }

    /// Forgets the places of all webhooks but these.
    public func forgetWebhooks(except keys: [String]) async throws(JournalError) {
        try await writer.forgetWebhooks(except: keys)
    }
}
