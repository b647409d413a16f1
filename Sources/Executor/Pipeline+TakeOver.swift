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
        guard let previous else { return }
        // Past undoing: a cancellation must not break the exchange off halfway.
        let exchange = Task { try await self.exchange(previous, for: containerID) }
        try await exchange.value
    }

    private func exchange(_ previous: ContainerInspection, for containerID: String) async throws {
        let aside = "\(request.containerName).replaced-\(id.text.prefix(8))"
        try await tell(.healthCheck, "Replacing the previous container", fraction: 0.95)
        let moved = try await perform(.rename(previous.id, to: aside))
        let wasThere = moved.succeeded || !moved.saysMissing
        guard moved.succeeded || !wasThere else {
            throw failure(moved, of: .rename(previous.id, to: aside))
        }
        let named = try await perform(.rename(containerID, to: request.containerName))
        guard named.succeeded else {
            if moved.succeeded {
                _ = try await perform(.rename(previous.id, to: request.containerName))
            }
            throw failure(named, of: .rename(containerID, to: request.containerName))
        }
        result.replaced = previous.id
        self.previous = nil
        guard wasThere else { return }
        if !previousStopped {
            _ = try await perform(.stop(previous.id, seconds: options.stopSeconds))
        }
        let removed = try await perform(.remove(previous.id))
        guard !removed.succeeded else { return }
        try await tell(
            .healthCheck,
            "The previous container could not be removed; it is now called \(aside)",
            fraction: 0.95
        )
    }
}
