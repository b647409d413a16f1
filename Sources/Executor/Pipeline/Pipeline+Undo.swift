import Deployments
import Engine

extension Pipeline {
    /// Takes back what the deployment made in the engine, whatever state it is in. Not ended by a
    /// cancellation.
    func undo() async -> Cleanup.Removal {
        // Awaited right here; a task of its own is not cancelled with the deployment's.
        await Task { await takeBack() }.value
    }

    private func takeBack() async -> Cleanup.Removal {
        privateFiles.removeAll()
        let cleanup = Cleanup(
            engine: engine,
            journal: journal,
            id: id,
            patience: options.enginePatience
        )
        var removal = Cleanup.Removal()
        if resumePoint != nil, !hasLooked {
            // Where the engine cannot be asked, nothing is known of it.
            try? await findPrevious()
        }
        if createAttempted {
            removal = await cleanup.remove(known: containerID.map { [$0] } ?? [])
        }
        guard let previous else { return removal }
        // What was asked for last may have been done without an answer.
        let look = await cleanup.attempt { engine throws(EngineFailure) in
            try await engine.container(previous.id)
        }
        let name = look?.value??.name
        var restored: [String] = []
        if (name ?? previous.name) == retiredName {
            let name = request.containerName
            let renamed = await cleanup.attempt { engine throws(EngineFailure) in
                try await engine.rename(previous.id, to: name)
            }
            if renamed != nil {
                restored.append("has its name again")
            } else {
                removal.left.append("previous container, called \(retiredName)")
            }
        }
        if previousStopped || (previous.name == retiredName && !previous.running) {
            let started = await cleanup.attempt { engine throws(EngineFailure) in
                try await engine.start(previous.id)
            }
            if started != nil {
                restored.append("was started again")
            } else {
                removal.left.append("previous container \(request.containerName), stopped")
            }
        }
        if !restored.isEmpty {
            let what = restored.joined(separator: " and ")
            removal.undone.append("previous container \(request.containerName) \(what)")
        }
        return removal
    }
}
