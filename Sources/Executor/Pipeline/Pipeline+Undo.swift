import Deployments
import Docker
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
            runner: runner,
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
        let look = await cleanup.attempt(.containerInspect([previous.id]))
        let name = look.flatMap { Container.decode($0.output).first?.name }
        var restored: [String] = []
        if (name ?? previous.name) == retiredName {
            if await cleanup.attempt(.rename(previous.id, to: request.containerName)) != nil {
                restored.append("has its name again")
            } else {
                removal.left.append("previous container, called \(retiredName)")
            }
        }
        if previousStopped || (previous.name == retiredName && !previous.running) {
            if await cleanup.attempt(.start(previous.id)) != nil {
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
