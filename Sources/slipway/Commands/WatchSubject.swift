import Deployments

/// A deployment to be watched, made from the record that the server has sent.
struct WatchSubject: Sendable {
    let id: DeploymentID
    let app: String
    let environment: String
    let createdAt: Timestamp
    let copy: CopyOrder
    let number: Int64
    let isFinal: Bool

    init?(_ record: JSONValue) {
        guard let id = record["id"]?.string.flatMap(DeploymentID.init),
            let app = record["app"]?.string,
            let createdAt = record["created_at"]?.string.flatMap(Timestamp.init(text:))
        else { return nil }
        self.id = id
        self.app = app
        self.createdAt = createdAt
        environment = record["environment"]?.string ?? "default"
        number = record["number"]?.integer ?? 0
        let stages = (record["stages"]?.elements ?? []).compactMap { $0["name"]?.string }
        let start = stages.firstIndex(of: Stage.startingContainer.rawValue) ?? 0
        let fill = stages.firstIndex(of: Stage.copyingFiles.rawValue) ?? 1
        copy = fill < start ? .beforeStart : .afterStart
        isFinal = record["status"]?.string.flatMap(DeploymentStatus.init)?.isFinal ?? false
    }
}
