import Deployments
import Engine
import Journal

extension Pipeline {
    /// The questions that are asked before anything is done.
    var questions: Questions {
        Questions(
            request: request,
            accessScope: AccessScope(tenant: tenant, apps: request.replaceableApps),
            options: options,
            journal: journal
        )
    }

    /// Throws if the folder cannot be read.
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

    /// Asks for the engine's platform. It is asked for once for all deployments; later questions show each
    /// time whether the engine answers.
    func askPlatform() async throws {
        // The log driver is asked for once as well; it is wanted when the container is created.
        async let takesOptions = takesLogOptions()
        observed.platform = try await perform { engine throws(EngineFailure) in
            try await engine.platform()
        }
        _ = await takesOptions
        do throws(Obstacle) {
            try questions.compare(observed.platform)
        } catch {
            throw error.failure
        }
        engineHasAnswered = true
    }

    /// Throws if a network is missing.
    func findNetworks() async throws {
        guard !request.networksToFind.isEmpty else { return }
        let questions = questions
        try await ask { engine throws(EngineFailure) in try await questions.findNetworks(engine) }
    }

    /// Finds who has the name. If the journal knows that, an early creation shows whether the engine answers
    /// and whether the name is free, so the engine is not asked. A creation that takes long is waited for in
    /// its own stage.
    func findHolder() async throws {
        if observed.isHolderKnown, states[.createContainer] != nil {
            let hasEnded = await hasEnded(.createContainer, within: options.namePatience)
            if !hasEnded || observed.container != nil { return }
        }
        try await checkName()
        forget(.createContainer)
    }

    /// Asks the engine who has the name.
    func checkName() async throws {
        observed.isPreviousAssumed = false
        guard let holder = try await inspect(named: request.containerName) else { return }
        try await take(previous: holder)
    }

    /// Takes the container that has the name for the one that is to be replaced; throws if it must not be
    /// replaced. The deployment's own container is not taken.
    func take(previous holder: Container) async throws {
        let answer = try await questions.identify(holder)
        // A server before this one asked for it, and did not wait for the answer.
        if answer.owner?.deployment == id { return }
        if let obstacle = answer.obstacle { throw obstacle.failure }
        observed.previous = holder
        observed.wasPreviousStopped = resumePoint?.intents.stoppedContainer == holder.id
    }
}
