extension DeploymentState {
    /// The state as it is stored, with the names that a deployment's record uses.
    public var json: JSONValue {
        [
            "status": .string(status.rawValue),
            "stage": .string(stage.rawValue),
            "progress": .integer(progress),
            "message": .optional(message),
            "created_at": .string(createdAt.text),
            "updated_at": .string(updatedAt.text),
            "finished_at": .optional(finishedAt?.text),
            "stages": .array(stages.map(\.json)),
            "result": result?.json ?? .null,
            "failure": failure?.json ?? .null,
            "workload": workload?.json ?? .null,
            "last_event_id": .integer(lastEventID),
        ]
    }

    /// Parses what `json` writes; nil if a member is missing or malformed.
    public init?(json: JSONValue) {
        guard let status = json["status"]?.string.flatMap(DeploymentStatus.init(rawValue:)),
            let stage = json["stage"]?.string.flatMap(Stage.init(rawValue:)),
            let progress = json["progress"]?.integer,
            let createdAt = json["created_at"]?.string.flatMap(Timestamp.init(text:)),
            let updatedAt = json["updated_at"]?.string.flatMap(Timestamp.init(text:)),
            let entries = json["stages"]?.elements
        else { return nil }
        self.init(createdAt: createdAt, copy: .afterStart)
        self.status = status
        self.stage = stage
        self.progress = Int(progress)
        self.updatedAt = updatedAt
        message = json["message"]?.string
        finishedAt = json["finished_at"]?.string.flatMap(Timestamp.init(text:))
        stages = entries.compactMap(TimelineEntry.init(json:))
        guard stages.count == entries.count, stages.count > WorkloadStep.allCases.count else {
            return nil
        }
        result = json["result"].flatMap(DeploymentResult.init(json:))
        failure = json["failure"].flatMap(Failure.init(json:))
        workload = json["workload"].flatMap(Workload.init(json:))
        lastEventID = json["last_event_id"]?.integer ?? 0
    }
}

extension TimelineEntry {
    /// The entry as it appears in a deployment's `stages`.
    public var json: JSONValue {
        [
            "name": .string(name),
            "status": .string(status.rawValue),
            "started_at": .optional(startedAt?.text),
            "finished_at": .optional(finishedAt?.text),
        ]
    }

    /// Parses what `json` writes; nil if a member is missing or malformed.
    public init?(json: JSONValue) {
        guard let name = json["name"]?.string,
            let status = json["status"]?.string.flatMap(StepStatus.init(rawValue:))
        else { return nil }
        self.init(
            name: name,
            status: status,
            startedAt: json["started_at"]?.string.flatMap(Timestamp.init(text:)),
            finishedAt: json["finished_at"]?.string.flatMap(Timestamp.init(text:))
        )
    }
}
