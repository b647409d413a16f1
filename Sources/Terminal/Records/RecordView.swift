import Deployments

/// A deployment's record as the server sends it. Whatever is missing or malformed is empty.
struct RecordView {
    let json: JSONValue

    init(_ json: JSONValue) {
        self.json = json
    }

    var id: String { text("id") }
    var app: String { text("app") }
    var environment: String { text("environment") }
    var statusText: String { text("status") }
    var status: DeploymentStatus? { DeploymentStatus(rawValue: statusText) }
    var createdAt: Timestamp? { moment(json["created_at"]) }
    var finishedAt: Timestamp? { moment(json["finished_at"]) }
    var failureCode: String? { json["failure"]?["code"]?.string }
    var progress: Int64 { min(max(json["progress"]?.integer ?? 0, 0), 100) }
    var workload: WorkloadState? {
        json["workload"]?["state"]?.string.flatMap(WorkloadState.init(rawValue:))
    }

    var stageWords: String {
        let name = text("stage")
        return Stage(rawValue: name)?.words ?? name
    }

    /// The stage and its progress, `pulling image 18%`; empty if the deployment is not running.
    var stageAndProgress: String {
        status == .inProgress ? "\(stageWords) \(progress)%" : ""
    }

    /// The milliseconds from the request to the end, or to `now`.
    func duration(_ now: Timestamp) -> Int64? {
        guard let createdAt else { return nil }
        if status?.isFinal == true, finishedAt == nil { return nil }
        return Timestamp.milliseconds(from: createdAt, to: finishedAt ?? now)
    }

    /// The most important facts: why it failed, or how far it is, or the state and address of its
    /// container.
    var info: String {
        if let failureCode { return failureCode }
        if status == .inProgress { return "\(stageAndProgress)  \(text("message"))" }
        guard let workload else { return text("message") }
        let endpoint = json["workload"]?["endpoint_url"]?.string ?? ""
        // A running container is the normal case, so its address alone is shown.
        let word = workload == .running && !endpoint.isEmpty ? "" : StatusSign(workload).word
        return [word, endpoint].filter { !$0.isEmpty }.joined(separator: "  ")
    }

    func text(_ name: String) -> String { json[name]?.string ?? "" }

    func moment(_ value: JSONValue?) -> Timestamp? {
        value?.string.flatMap(Timestamp.init(text:))
    }
}
