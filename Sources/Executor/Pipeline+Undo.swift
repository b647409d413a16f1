import Deployments
import Docker

extension Pipeline {
    /// Takes back what the deployment made in the engine, whatever state it is in. Not ended by a
    /// cancellation.
    func undo() async -> Leftovers.Removal {
        // Awaited right here; a task of its own is not cancelled with the deployment's.
        await Task { await takeBack() }.value
    }

    private func takeBack() async -> Leftovers.Removal {
        privateFiles.removeAll()
        let leftovers = Leftovers(runner: runner, id: id)
        var removal = Leftovers.Removal()
        if createAttempted {
            removal = await leftovers.remove(known: containerID.map { [$0] } ?? [])
        }
        if previousStopped, let previous {
            if await leftovers.attempt(.start(previous.id)) != nil {
                removal.undone.append("previous container \(previous.name) started again")
            } else {
                removal.left.append("previous container \(previous.name), stopped")
            }
        }
        return removal
    }
}
