public import Deployments

/// One change for those who watch many deployments.
public struct FeedEvent: Sendable, Equatable {
    /// What it tells.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The whole view; what was known before is worth nothing.
        case snapshot
        /// How a deployment stands.
        case deploymentUpsert = "deployment.upsert"
        /// How far a deployment has come within its stage.
        case deploymentProgress = "deployment.progress"
        /// That a deployment is forgotten.
        case deploymentDelete = "deployment.delete"
        /// How an app stands.
        case appUpsert = "app.upsert"
        /// How many there are of what.
        case countsUpdate = "counts.update"
        /// How a deployment's container stands.
        case workloadUpdate = "workload.update"
        /// That the connection is alive.
        case heartbeat
    }

    /// What it tells.
    public let kind: Kind
    /// The environment that it is about; nil if it is about several.
    public let environment: String?
    /// When it happened.
    public let time: Timestamp
    /// What it says, as JSON text.
    public let payload: String

    init(_ kind: Kind, environment: String?, time: Timestamp, payload: String) {
        self.kind = kind
        self.environment = environment
        self.time = time
        self.payload = payload
    }

    /// The event as it is sent; `id` is that of the newest journal event it knows of, nil for a
    /// heartbeat.
    public func envelope(id: Int64?, tenant: String) -> String {
        """
        {"event_id":\(id.map(String.init) ?? "null"),"type":"\(kind.rawValue)",\
        "tenant_id":\(JSONValue.string(tenant).text),\
        "env_id":\(JSONValue.optional(environment).text),\
        "ts":"\(time.text)","payload":\(payload)}
        """
    }
}
