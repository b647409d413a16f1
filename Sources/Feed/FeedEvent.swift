public import Deployments

/// One change, for clients that watch many deployments.
public struct FeedEvent: Sendable, Equatable {
    /// The kinds of events.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// The whole view, which replaces everything known before.
        case snapshot
        /// The new state of a deployment.
        case deploymentUpsert = "deployment.upsert"
        /// The progress of a deployment within its stage.
        case deploymentProgress = "deployment.progress"
        /// A deployment was forgotten.
        case deploymentDelete = "deployment.delete"
        /// The new state of an app.
        case appUpsert = "app.upsert"
        /// The new numbers of deployments and apps.
        case countsUpdate = "counts.update"
        /// The new state of a deployment's container.
        case workloadUpdate = "workload.update"
        /// A sign that the connection is alive.
        case heartbeat
    }

    /// The kind of the event.
    public let kind: Kind
    /// The environment of the event; nil if it concerns several.
    public let environment: String?
    /// The time of the change.
    public let time: Timestamp
    /// The content as JSON text.
    public let payload: String

    init(_ kind: Kind, environment: String?, time: Timestamp, payload: String) {
        self.kind = kind
        self.environment = environment
        self.time = time
        self.payload = payload
    }

    /// The event as it is sent. `id` is that of the newest journal event that it reflects; nil for
    /// a heartbeat.
    public func envelope(id: Int64?, tenant: String) -> String {
        """
        {"event_id":\(id.map(String.init) ?? "null"),"type":"\(kind.rawValue)",\
        "tenant_id":\(JSONValue.string(tenant).text),\
        "env_id":\(JSONValue.optional(environment).text),\
        "ts":"\(time.text)","payload":\(payload)}
        """
    }
}
