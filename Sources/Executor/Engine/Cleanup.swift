import Deployments
import Docker
import Engine
import Journal
import Threads

/// The containers in the engine that a deployment had created.
struct Cleanup: Sendable {
    let runner: CommandRunner
    let journal: any Journal
    let id: DeploymentID
    /// How long an engine that does not answer is waited for.
    var patience: Duration = .seconds(5)

    /// What became of them, for a person.
    struct Removal: Sendable, Equatable {
        var undone: [String] = []
        var left: [String] = []
    }

    /// Removes them all.
    ///
    /// - Parameter known: the ids of those that are known to be the deployment's, whatever becomes
    ///   of the journal.
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
            guard await isOwn(container.id, known) else { continue }
            if await attempt(.remove(container.id)) != nil {
                removal.undone.append("container \(container.name) removed")
            } else {
                removal.left.append("container \(container.name)")
            }
        }
        return removal
    }

    /// Labels alone prove nothing: they are copied with an image.
    private func isOwn(_ container: String, _ known: [String]) async -> Bool {
        if known.contains(container) { return true }
        let outcome = await attempt(.containerInspect([container]))
        guard let found = Container.decode(outcome?.output ?? []).first else {
            return false
        }
        // What a journal that cannot be read leaves behind is found by the next look for leftovers.
        return (try? await journal.owner(of: found.claim))?.deployment == id
    }

    /// The outcome of a command that succeeded, or found nothing to act on; nil if it failed
    /// every time.
    func attempt(_ command: DockerCommand) async -> CommandOutcome? {
        var command = command
        command.tag = id.text
        let end = ContinuousClock.now + patience
        var pause = Duration.milliseconds(100)
        while true {
            let outcome = await runner.run(command)
            if outcome.succeeded || outcome.saysMissing { return outcome }
            guard ContinuousClock.now < end else { return nil }
            try? await Task.pause(for: pause)  // Not cancelled.
            pause = min(pause * 2, .seconds(2))
        }
    }
}
