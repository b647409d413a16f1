internal import Deployments

/// A stage change as it is sent: `{"type","timestamp","data"}`, the data as the events of a
/// deployment are given everywhere.
struct WebhookMessage: Sendable, Equatable {
    /// The same at every attempt: `evt_17`.
    let id: String
    /// JSON text.
    let body: [UInt8]

    /// What is sent of an event; nil for one that is no `Event`.
    init?(_ event: StoredEvent) {
        guard case .progress(let stage) = event.kind,
            let json = try? JSONValue(parsing: Array(event.text.utf8)),
            let time = json["timestamp"]?.string
        else { return nil }
        id = "evt_\(event.id)"
        let text = """
            {"type":"\(Self.type(of: stage))","timestamp":\(JSONValue.string(time).text),\
            "data":\(event.textWithID)}
            """
        body = Array(text.utf8)
    }

    /// `deployment.stage`, and for each way in which a deployment ends another.
    private static func type(of stage: Stage) -> String {
        switch stage {
        case .completed: "deployment.completed"
        case .error: "deployment.failed"
        case .cancelled: "deployment.cancelled"
        case .superseded: "deployment.superseded"
        case .queued, .validating, .pullingImage, .preparingFiles, .startingContainer,
            .copyingFiles, .healthCheck:
            "deployment.stage"
        }
    }
}
