import Deployments
import Foundation
import Journal

/// A deployment and its events.
struct Sample {
    let deployment: NewDeployment

    init(app: String = "shop") {
        let request = DeploymentRequest(
            app: app,
            folder: "/srv/\(app)",
            containerName: "fractalic-\(app)",
            image: "localhost:5000/\(app):1"
        )
        deployment = NewDeployment(
            id: DeploymentID(),
            tenant: "default",
            request: request,
            createdAt: Timestamp(microseconds: 1_000_000)
        )
    }

    var id: DeploymentID { deployment.id }

    func event(_ stage: Stage, _ progress: Int = 0) -> Event {
        var outcome: Event.Outcome?
        if stage.isFinal {
            let result = DeploymentResult(
                success: stage == .completed,
                message: "At its end",
                containerName: deployment.containerName,
                image: deployment.image
            )
            outcome = Event.Outcome(
                result: result,
                failure: stage == .completed
                    ? nil
                    : Failure(code: .internal, stage: .validating, message: "No", hint: "Retry")
            )
        }
        return Event(
            deploymentID: id,
            timestamp: Timestamp(microseconds: 2_000_000),
            message: "At \"work\"",
            stage: stage,
            progress: progress,
            outcome: outcome
        )
    }

    func stored(_ number: Int64, _ stage: Stage) -> StoredEvent {
        StoredEvent(
            id: number,
            deploymentID: id,
            kind: .progress(stage),
            text: event(stage).json.text
        )
    }

    /// Keeps the deployment with events of these stages.
    func keep(_ stages: [Stage], in journal: any Journal) async throws {
        for (index, stage) in stages.enumerated() {
            if index == 0 {
                _ = try await journal.create(deployment, first: event(stage), key: nil)
            } else {
                _ = try await journal.append(event(stage), durability: .grouped)
            }
        }
    }
}

/// A directory that is removed with its value.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = "\(FileManager.default.temporaryDirectory.path)/webhooks-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // What is left lies in the system's temporary directory, which is cleaned by others.
        try? FileManager.default.removeItem(atPath: path)
    }
}
