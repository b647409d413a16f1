import Deployments
import Engine
import Journal

extension Pipeline {
    /// What the container that is replaced is called until it is removed.
    var retiredName: String { "\(observed.name).replaced-\(id.text.prefix(8))" }

    /// Renames the previous container. A server before this one may have done so.
    func setAside() async throws {
        let name = retiredName
        guard let previous = observed.previous, previous.name != name else { return }
        try await rename(previous.id, to: name)
        observed.previous?.name = name
    }

    /// Gives the new container the name.
    func takeName() async throws {
        let name = observed.name
        guard let id = observed.container?.id else { return }
        guard try await rename(id, to: name) else {
            throw StageFailure(
                .containerExited,
                "The container was removed by somebody before it had its name.",
                hint: "Deploy again."
            )
        }
        observed.container?.name = name
    }

    /// Sets the restart policy. It is set only now, because a container that is not healthy must not come up
    /// again.
    func setRestartPolicy() async throws {
        guard let id = observed.container?.id else { return }
        let policy = request.restart
        try await ask { engine throws(EngineFailure) in
            try await engine.setRestartPolicy(policy, of: id)
        }
    }

    /// Stops the previous container. Once the journal knows that the new one takes over, nothing is undone:
    /// no later failure may take the new one down, not even a failure of the journal.
    /// If the previous container cannot be removed now, it is removed with the leftovers.
    func stopPrevious() async throws {
        guard let id = observed.previous?.id, let own = observed.container?.id else { return }
        do throws(JournalError) {
            try await journal.intend(.takingOver(container: own), by: recorder.driver)
        } catch {
            if error.isLoss { throw error }
        }
        observed.isTakingOver = true
        result.replaced = id
        result.order = observed.order ?? defaultOrder
        notify(.replaced(id, by: self.id))
        guard !observed.wasPreviousStopped else { return }
        let seconds = observed.previous?.stopSeconds ?? options.stopSeconds
        _ = try? await askAgain { engine throws(EngineFailure) in
            try await engine.stop(id, seconds: seconds)
        }
    }

    func removePrevious() async {
        guard let id = observed.previous?.id else { return }
        let removed = try? await askAgain { engine throws(EngineFailure) in
            try await engine.remove(id)
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

    /// Renames a container; false if it is gone. An engine that went away may have renamed it already.
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
