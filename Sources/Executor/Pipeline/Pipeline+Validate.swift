import Deployments
import Engine
import Journal

extension Pipeline {
    func openFolder() async throws {
        guard let folder = request.folder else { return }
        do throws(SourceFolder.Unreadable) {
            _ = try await options.roots.open(folder, within: options.stallTimeout)
        } catch {
            try Task.checkCancellation()
            throw StageFailure(
                error,
                "The folder cannot be read",
                hint: "Give the server's user permission to read it, and leave it where it is."
            )
        }
    }

    /// Asked once for all deployments; another question shows each time that the engine answers.
    func askPlatform() async throws {
        // Asked once as well, and wanted when the container is created.
        async let takesOptions = takesLogOptions()
        observed.platform = try await perform { engine throws(EngineFailure) in
            try await engine.platform()
        }
        _ = await takesOptions
        if let platform = request.platform, let os = observed.platform?.os,
            platform.split(separator: "/").first.map(String.init) != os
        {
            throw StageFailure(
                .platformMismatch,
                "The engine runs \(os) containers, and \(platform) was asked for.",
                hint: "Leave out platform, or name one that begins with \(os)/."
            )
        }
        engineHasAnswered = true
    }

    func findNetworks() async throws {
        for network in request.networksToFind {
            try await ask { engine throws(EngineFailure) in try await engine.checkNetwork(network) }
        }
    }

    /// Where the journal says who has the name, a creation shows what a look at it would: whether the
    /// engine answers, and whether the name is free. One that takes long is waited for in its own stage.
    func findHolder() async throws {
        if observed.isHolderKnown, states[.createContainer] != nil {
            let hasEnded = await hasEnded(.createContainer, within: options.namePatience)
            if !hasEnded || observed.container != nil { return }
        }
        try await lookAtName()
        forget(.createContainer)
    }

    /// Asks the engine who has the name.
    func lookAtName() async throws {
        observed.isPreviousAssumed = false
        guard let holder = try await inspect(named: request.containerName) else { return }
        try await take(previous: holder)
    }

    /// The containers that the deployment may replace.
    var replaceable: AccessScope {
        AccessScope(tenant: tenant, apps: request.replaceableApps)
    }

    /// Takes the container that has the name for the one that is to be replaced, where it is ours.
    /// One that is the deployment's own is not.
    func take(previous holder: Container) async throws {
        let owner = try await journal.owner(of: holder.claim)
        // Made after all, by an engine that a server before this one did not wait for.
        if let owner, owner.deployment == id { return }
        if let foreign = ForeignContainer(holder, owner, within: replaceable) {
            throw StageFailure(
                .nameInUse,
                "The name \(request.containerName) \(foreign.message).",
                hint: foreign.hint
            )
        }
        observed.previous = holder
        observed.wasPreviousStopped = resumePoint?.intents.stoppedContainer == holder.id
    }
}
