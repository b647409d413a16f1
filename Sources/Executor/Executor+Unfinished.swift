public import Deployments
import Docker
public import Journal

extension Executor {
    /// Ends what a server that has died left unfinished: its containers are removed, and each
    /// deployment gets its final event. To be called before anything is submitted.
    public func endUnfinished() async throws(JournalError) -> [DeploymentID] {
        let unfinished = try await journal.unfinished()
        for record in unfinished {
            let id = record.deployment.id
            PrivateFiles(folder: options.privateFolder, id: id).removeAll()
            let removal = await Leftovers(runner: runner, id: id).remove()
            var result = DeploymentResult(
                success: false,
                message: EndReason.interrupted.failure.message,
                containerName: record.deployment.containerName,
                image: record.deployment.image
            )
            result.message = "Deployment failed: \(result.message)"
            _ = try await journal.append(
                Event(
                    deploymentID: id,
                    timestamp: now(),
                    message: result.message,
                    stage: .error,
                    progress: 100,
                    outcome: .init(
                        result: result,
                        failure: Failure(
                            code: .interrupted,
                            stage: record.state.stage,
                            message: EndReason.interrupted.failure.message,
                            hint: EndReason.interrupted.failure.hint,
                            undone: removal.undone,
                            left: removal.left
                        )
                    )
                ),
                durability: .durable
            )
        }
        return unfinished.map(\.deployment.id)
    }
}
