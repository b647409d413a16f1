import Deployments
import Engine
import Threads

extension Pipeline {
    /// Takes back what the deployment made in the engine, whatever state that is in. A cancellation does not
    /// end it.
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
        if resumePoint != nil, !observed.isObserved {
            // If the engine does not answer, there is no previous container to restore.
            try? await findPrevious()
        }
        var restored: [String] = []
        var isGone = true
        for undo in Plan.undo(of: begun) {
            switch undo {
            case .removeContainer:
                guard observed.createAttempted else { continue }
                removal = await cleanup.remove(known: observed.container.map { [$0.id] } ?? [])
                isGone = removal.left.isEmpty
            case .giveNameBack:
                guard let previous = observed.previous else { continue }
                // The engine may have renamed it without an answer.
                let inspection = await cleanup.attempt { engine throws(EngineFailure) in
                    try await engine.container(previous.id)
                }
                guard (inspection?.value??.name ?? previous.name) == retiredName else { continue }
                let name = observed.name
                let renamed = await cleanup.attempt { engine throws(EngineFailure) in
                    try await engine.rename(previous.id, to: name)
                }
                if renamed != nil {
                    restored.append("has its name again")
                } else {
                    removal.left.append("previous container, called \(retiredName)")
                }
            case .startPrevious:
                guard let previous = observed.previous,
                    observed.wasPreviousStopped
                        || (previous.name == retiredName && !previous.running)
                else { continue }
                // Two containers must never write the same volume or folder.
                if isGone || request.volumes.allSatisfy(\.isReadOnly),
                    await startAgain(previous, cleanup)
                {
                    restored.append("was started again")
                } else {
                    removal.left.append("previous container \(observed.name), stopped")
                }
            case .removeImage:
                guard request.build != nil else { continue }
                let built = await removeBuilt(cleanup)
                removal.undone += built.undone
                removal.left += built.left
            }
        }
        if !restored.isEmpty {
            let what = restored.joined(separator: " and ")
            removal.undone.append("previous container \(observed.name) \(what)")
        }
        return removal
    }

    /// Starts the previous container; false if that fails. If the engine is still stopping it, to the engine
    /// it runs, and a start would do nothing. So its end is waited for first.
    private func startAgain(_ previous: Container, _ cleanup: Cleanup) async -> Bool {
        let inspection = await cleanup.attempt { engine throws(EngineFailure) in
            try await engine.container(previous.id)
        }
        if inspection?.value??.running == true {
            let seconds = (previous.stopSeconds ?? options.stopSeconds) + 2
            await withTaskGroup(of: Void.self) { [engine] group in
                // If it does not end, nobody has asked the engine to stop it.
                group.addTask { _ = try? await engine.awaitEnd(of: previous.id) }
                group.addTask { try? await Task.pause(for: .seconds(seconds)) }
                await group.next()
                group.cancelAll()
            }
        }
        let started: Cleanup.Done<Void>? = await cleanup.attempt { engine throws(EngineFailure) in
            try await engine.start(previous.id)
        }
        if case .done = started { return true }
        return false
    }
}
