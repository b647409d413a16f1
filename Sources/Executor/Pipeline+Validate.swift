import Deployments
import Docker

extension Pipeline {
    /// The engine answers, the folder is readable, the name is free or ours, the platform exists.
    func validate() async throws {
        try await tell(.validating, "Checking the engine, the folder and the name")
        do throws(SourceFolder.Unreadable) {
            _ = try await options.roots.open(request.folder, within: options.stallTimeout)
        } catch {
            try Task.checkCancellation()
            throw StageFailure(
                error,
                "The folder cannot be read",
                hint: "Give the server's user permission to read it, and leave it where it is."
            )
        }
        try await askPlatform()
        if let platform = request.platform, let os = engine.platform?.os,
            platform.split(separator: "/").first.map(String.init) != os
        {
            throw StageFailure(
                .platformMismatch,
                "The engine runs \(os) containers, and \(platform) was asked for.",
                hint: "Leave out platform, or name one that begins with \(os)/."
            )
        }
        engineHasAnswered = true
        guard let holder = try await inspect(named: request.containerName),
            // Made after all, by an engine that a server before this one did not wait for.
            holder.labels[Label.deployment] != id.text
        else { return }
        try take(previous: holder)
    }

    /// Takes the container that has the name for the one that is to be replaced.
    func take(previous holder: ContainerInspection) throws {
        guard holder.labels[Label.deployment] != nil,
            holder.isWithin(Reach(tenant: tenant, apps: request.replaceableApps))
        else {
            throw StageFailure(
                .nameInUse,
                "The name \(request.containerName) belongs to a container that Slipway did not"
                    + " make for you.",
                hint: "Choose another container_name, or remove that container yourself."
            )
        }
        previous = holder
        previousStopped = unfinished?.stoppedContainer == holder.id
    }

    /// Asks the engine, once for all deployments, what it runs. Another command shows each time
    /// that it answers.
    private func askPlatform() async throws {
        guard engine.platform == nil else { return }
        let command = DockerCommand.serverVersion()
        let outcome = try await perform(command)
        let server = (try? JSONValue(parsing: outcome.output))?["Server"]
        guard outcome.succeeded, let server, !server.isNull else {
            throw failure(outcome, of: command)
        }
        guard let os = server["Os"]?.string, let architecture = server["Arch"]?.string else {
            return
        }
        engine.platform = EnginePlatform(os: os, architecture: architecture)
    }
}
