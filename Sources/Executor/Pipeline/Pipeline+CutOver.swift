import Deployments
import Engine

extension Pipeline {
    /// Makes the healthy container the one that serves: sets its restart policy, and gives it the
    /// name of the one it replaces.
    func cutOver() async throws {
        guard let containerID else { return }
        let policy = request.restart
        try await perform { engine throws(EngineFailure) in
            try await engine.setRestartPolicy(policy, of: containerID)
        }
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
            let seconds = options.stopSeconds
            _ = try? await askAgain { engine throws(EngineFailure) in
                try await engine.stop(previous.id, seconds: seconds)
            }
        }
        let removed = try? await askAgain { engine throws(EngineFailure) in
            try await engine.remove(previous.id)
        }
        switch removed {
        case .success: return
        case .failure(let failure) where failure.isMissing: return
        case .failure, nil: break
        }
        try? await tell(
            .healthCheck,
            "The previous container could not be removed; it is now called \(retiredName)",
            fraction: 0.95
        )
    }

    /// Renames a container; false if it is gone. An engine that went away may have done so.
    @discardableResult
    private func rename(_ container: String, to name: String) async throws -> Bool {
        let renamed = try await askAgain { engine throws(EngineFailure) in
            try await engine.rename(container, to: name)
        }
        guard case .failure(let failure) = renamed else { return true }
        guard !failure.isMissing else { return false }
        guard try await inspect(container)?.name == name else { throw StageFailure(failure) }
        return true
    }
}
