/// One change of one deployment, as it is streamed, kept and replayed.
public struct Event: Sendable, Equatable {
    /// Whose event it is.
    public let deploymentID: DeploymentID
    /// When it happened.
    public let timestamp: Timestamp
    /// A line for a person.
    public let message: String
    /// Where the deployment stands.
    public let stage: Stage
    /// Percent, within the stage's band, never less than in an earlier event.
    public let progress: Int
    /// What the stage can tell in numbers; its members depend on the stage.
    public let detail: JSONValue?
    /// In final events only.
    public let outcome: Outcome?

    /// An event of a deployment.
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

    /// How a deployment ended.
    public struct Outcome: Sendable, Equatable {
        /// What came of it.
        public let result: DeploymentResult
        /// Absent after success.
        public let failure: Failure?

        /// An outcome; without `failure` it is a success.
        public init(result: DeploymentResult, failure: Failure? = nil) {
            self.result = result
            self.failure = failure
        }
    }

    /// The event as JSON, members in the order of its documentation.
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

    /// Reads what `json` writes; nil if a member is missing or malformed.
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

/// An event that the journal has committed, under the number it was given.
public struct StoredEvent: Sendable, Equatable {
    /// Positive, strictly increasing over the whole journal.
    public let id: Int64
    /// Whose event it is.
    public let deploymentID: DeploymentID
    /// What it tells.
    public let kind: Kind
    /// The event's JSON exactly as it was first encoded.
    public let text: String

    /// What a committed event may tell.
    public enum Kind: Sendable, Hashable {
        /// How the deployment goes: an `Event` of that stage.
        case progress(Stage)
        /// What has become of its container: a `WorkloadEvent`.
        case workload(WorkloadState)
        /// That the deployment is forgotten. Told once, and not kept.
        case deleted
    }

    /// An event as it stands in the journal.
    public init(id: Int64, deploymentID: DeploymentID, kind: Kind, text: String) {
        self.id = id
        self.deploymentID = deploymentID
        self.kind = kind
        self.text = text
    }

    /// Whether it is the deployment's final event.
    public var isFinal: Bool {
        if case .progress(let stage) = kind { stage.isFinal } else { false }
    }

    /// The event's JSON with its id as the first member, `event_id`.
    public var textWithID: String {
        "{\"event_id\":\(id),\(text.dropFirst())"
    }
}
