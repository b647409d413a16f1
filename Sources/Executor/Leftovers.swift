import Deployments
import Docker

/// The containers in the engine that carry a deployment's label.
struct Leftovers: Sendable {
    let runner: CommandRunner
    let id: DeploymentID

    /// What became of them, for a person.
    struct Removal: Sendable, Equatable {
        var undone: [String] = []
        var left: [String] = []
    }

    /// Removes them all. Tries for some seconds where the engine does not answer.
    ///
    /// - Parameter known: ids to remove where the engine cannot be asked.
    func remove(known: [String] = []) async -> Removal {
        let list = DockerCommand.containersByLabel([(Label.deployment, id.text)])
        var removal = Removal()
        guard let outcome = await attempt(list) else {
            removal.left =
                known.isEmpty
                ? ["perhaps a container labelled \(Label.deployment)=\(id)"]
                : known.map { "container \($0.prefix(12))" }
            return removal
        }
        for container in ContainerSummary.decode(outcome.output) {
            if await attempt(.remove(container.id)) != nil {
                removal.undone.append("container \(container.name) removed")
            } else {
                removal.left.append("container \(container.name)")
            }
        }
        return removal
    }

    /// The outcome of a command that succeeded, or found nothing to act on; nil where it failed
    /// every time.
    func attempt(_ command: DockerCommand) async -> CommandOutcome? {
        var command = command
        command.tag = id.text
        for tries in 0..<5 {
            if tries > 0 { try? await Task.sleep(for: .seconds(1)) }  // Not cancelled.
            let outcome = await runner.run(command)
            if outcome.succeeded || outcome.saysMissing { return outcome }
        }
        return nil
    }
}
