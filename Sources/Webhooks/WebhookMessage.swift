internal import Deployments

/// A stage change as it is sent: `{"type","timestamp","data"}`. The data is the event in its usual
/// form.
struct WebhookMessage: Sendable, Equatable {
    /// The id, which is the same at every attempt: `evt_17`.
    let id: String
    /// The JSON text.
    let body: [UInt8]

    /// Creates the message of an event; nil if the event is not a stage change.
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

    /// `deployment.stage`, or a type of its own for each way in which a deployment ends.
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
