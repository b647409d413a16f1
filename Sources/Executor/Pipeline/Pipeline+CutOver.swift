import Deployments
import Docker
import Engine

extension Pipeline {
    /// Makes the healthy container the one that serves: sets its restart policy, and gives it the
    /// name of the one it replaces.
    func cutOver() async throws {
        guard let containerID else { return }
        let policy = DockerCommand.updateRestart(containerID, policy: request.restart)
        let updated = try await performWhole(policy)
        guard updated.succeeded else { throw failure(updated, of: policy) }
        guard control.commit() else { throw CancellationError() }
        guard previous != nil || containerName != request.containerName else { return }
        // Past undoing: a cancellation must not break the swap off halfway.
        let swap = Task { try await self.swap(with: containerID) }
        try await swap.value
    }

    /// What the container that is replaced is called until it is removed.
    var retiredName: String { "\(request.containerName).replaced-\(id.text.prefix(8))" }

    /// Gives the name to the new container and has done with the previous one, wherever a server
    /// before this one left off.
    private func swap(with containerID: String) async throws {
        if previous != nil {
            try await tell(.healthCheck, "Replacing the previous container", fraction: 0.95)
        }
        if let previous, previous.name != retiredName {
            try await rename(previous.id, to: retiredName)
            self.previous?.name = retiredName
        }
        if containerName != request.containerName {
            guard try await rename(containerID, to: request.containerName) else {
                throw StageFailure(
                    .containerExited,
                    "The container was removed by somebody before it had its name.",
                    hint: "Deploy again."
                )
            }
            containerName = request.containerName
        }
        guard let previous else { return }
        result.replaced = previous.id
        self.previous = nil
        notify(.replaced(previous.id, by: id))
        // The new one serves, and nothing that fails from here on may take it down: not even the
        // journal. What cannot be removed now is removed when leftovers are looked for.
        if !previousStopped {
            _ = try? await ask(.stop(previous.id, seconds: options.stopSeconds))
        }
        let removed = try? await ask(.remove(previous.id))
        if let removed, removed.succeeded || removed.saysMissing { return }
        try? await tell(
            .healthCheck,
            "The previous container could not be removed; it is now called \(retiredName)",
            fraction: 0.95
        )
    }

    /// Renames a container; false if it is gone. An engine that went away may have done so.
    @discardableResult
    private func rename(_ container: String, to name: String) async throws -> Bool {
        let command = DockerCommand.rename(container, to: name)
        let outcome = try await ask(command)
        guard !outcome.succeeded, !outcome.saysMissing else { return outcome.succeeded }
        guard try await inspect(container)?.name == name else {
            throw failure(outcome, of: command)
        }
        return true
    }
}
