/// One change of one deployment, as it is streamed, stored and replayed.
public struct Event: Sendable, Equatable {
    /// The deployment of the event.
    public let deploymentID: DeploymentID
    /// The time of the change.
    public let timestamp: Timestamp
    /// A line for a person.
    public let message: String
    /// The stage of the deployment.
    public let stage: Stage
    /// The progress in percent. It is within the stage's band, and never less than in an earlier
    /// event.
    public let progress: Int
    /// Details of the stage in numbers; the members depend on the stage.
    public let detail: JSONValue?
    /// The outcome, which only a final event has.
    public let outcome: Outcome?

    /// Creates an event.
    public init(
        deploymentID: DeploymentID,
        timestamp: Timestamp,
        message: String,
        stage: Stage,
        progress: Int,
        detail: JSONValue? = nil,
        outcome: Outcome? = nil
    ) {
        self.deploymentID = deploymentID
        self.timestamp = timestamp
        self.message = message
        self.stage = stage
        self.progress = progress
        self.detail = detail
        self.outcome = outcome
    }

    /// The outcome of a deployment.
    public struct Outcome: Sendable, Equatable {
        /// The result of the deployment.
        public let result: DeploymentResult
        /// The failure; nil after success.
        public let failure: Failure?

        /// Creates an outcome, which is a success if `failure` is nil.
        public init(result: DeploymentResult, failure: Failure? = nil) {
            self.result = result
            self.failure = failure
        }
    }

    /// The event as JSON, with the members in the documented order.
    public var json: JSONValue {
        var members = [
            JSONMember("deployment_id", .string(deploymentID.text)),
            JSONMember("timestamp", .string(timestamp.text)),
            JSONMember("message", .string(message)),
            JSONMember("stage", .string(stage.rawValue)),
            JSONMember("progress", .integer(progress)),
        ]
        if let detail { members.append(JSONMember("detail", detail)) }
        if let outcome {
            members.append(JSONMember("result", outcome.result.json))
            if let failure = outcome.failure {
                members.append(JSONMember("error", .string(failure.message)))
                members.append(JSONMember("failure", failure.json))
            }
        }
        return .object(members)
    }

    /// Parses what `json` writes; nil if a member is missing or malformed.
    public init?(json: JSONValue) {
        guard let id = json["deployment_id"]?.string.flatMap(DeploymentID.init),
            let timestamp = json["timestamp"]?.string.flatMap(Timestamp.init(text:)),
            let message = json["message"]?.string,
            let stage = json["stage"]?.string.flatMap(Stage.init(rawValue:)),
            let progress = json["progress"]?.integer
        else { return nil }
        self.init(
            deploymentID: id,
            timestamp: timestamp,
            message: message,
            stage: stage,
            progress: Int(progress),
            detail: json["detail"],
            outcome: json["result"].flatMap(DeploymentResult.init(json:)).map { result in
                Outcome(result: result, failure: json["failure"].flatMap(Failure.init(json:)))
            }
        )
    }
}

/// An event that the journal has committed, with its number.
public struct StoredEvent: Sendable, Equatable {
    /// The number of the event; positive and strictly increasing over the whole journal.
    public let id: Int64
    /// The deployment of the event.
    public let deploymentID: DeploymentID
    /// The kind of the event.
    public let kind: Kind
    /// The event's JSON exactly as it was first encoded.
    public let text: String

    /// The kinds of committed events.
    public enum Kind: Sendable, Hashable {
        /// The progress of the deployment: an `Event` of that stage.
        case progress(Stage)
        /// A change of its container: a `WorkloadEvent`.
        case workload(WorkloadState)
        /// The deletion of the deployment, which is published once and not stored.
        case deleted
    }

    /// Creates an event as it is stored in the journal.
    public init(id: Int64, deploymentID: DeploymentID, kind: Kind, text: String) {
        self.id = id
        self.deploymentID = deploymentID
        self.kind = kind
        self.text = text
    }

    /// Whether this is the deployment's final event.
    public var isFinal: Bool {
        if case .progress(let stage) = kind { stage.isFinal } else { false }
    }

    /// The event's JSON with its id as the first member, `event_id`.
    public var textWithID: String {
        "{\"event_id\":\(id),\(text.dropFirst())"
    }
}
