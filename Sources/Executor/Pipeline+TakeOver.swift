import Deployments
import Docker

extension Pipeline {
    /// Makes the healthy container the one that serves: sets its restart policy, and gives it the
    /// name of the one it replaces.
    func takeOver() async throws {
        guard let containerID else { return }
        let policy = DockerCommand.updateRestart(containerID, policy: request.restart)
        let updated = try await performWhole(policy)
        guard updated.succeeded else { throw failure(updated, of: policy) }
        guard control.commit() else { throw CancellationError() }
        guard previous != nil || containerName != request.containerName else { return }
        // Past undoing: a cancellation must not break the exchange off halfway.
        let exchange = Task { try await self.exchange(for: containerID) }
        try await exchange.value
    }

    /// What the container that is replaced is called until it is removed.
    var asideName: String { "\(request.containerName).replaced-\(id.text.prefix(8))" }

    /// Gives the name to the new container and has done with the previous one, wherever a server
    /// before this one left off.
    private func exchange(for containerID: String) async throws {
        try await tell(.healthCheck, "Replacing the previous container", fraction: 0.95)
        if let previous, previous.name != asideName {
            let command = DockerCommand.rename(previous.id, to: asideName)
            let moved = try await perform(command)
            guard moved.succeeded || moved.saysMissing else { throw failure(moved, of: command) }
            self.previous?.name = asideName
        }
        if containerName != request.containerName {
            let command = DockerCommand.rename(containerID, to: request.containerName)
            let named = try await perform(command)
            guard named.succeeded else { throw failure(named, of: command) }
            containerName = request.containerName
        }
        guard let previous else { return }
        result.replaced = previous.id
        self.previous = nil
        if !previousStopped {
            _ = try await perform(.stop(previous.id, seconds: options.stopSeconds))
        }
        let removed = try await perform(.remove(previous.id))
        guard !removed.succeeded else { return }
        try await tell(
            .healthCheck,
            "The previous container could not be removed; it is now called \(asideName)",
            fraction: 0.95
        )
    }
}
