import Deployments
import Engine
import Journal
import Threads

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
        // Asked once for all deployments; another question shows each time that the engine answers.
        enginePlatform = try await perform { engine throws(EngineFailure) in
            try await engine.platform()
        }
        if let platform = request.platform, let os = enginePlatform?.os,
            platform.split(separator: "/").first.map(String.init) != os
        {
            throw StageFailure(
                .platformMismatch,
                "The engine runs \(os) containers, and \(platform) was asked for.",
                hint: "Leave out platform, or name one that begins with \(os)/."
            )
        }
        engineHasAnswered = true
        try await lookForNetwork()
        if await createAtOnce() { return }
        try await lookAtName()
    }

    /// Has the container created at once, if the image is known from an earlier deployment and the
    /// journal tells who has the name. False if the engine is to be asked about the name.
    ///
    /// The creation shows what a look at the name would: whether the engine answers, and whether the
    /// name is free. One that takes long is waited for in its own stage.
    private func createAtOnce() async -> Bool {
        guard pulling != nil, resumePoint == nil, let image = cache.image(for: request),
            (try? checkPlatform(image)) != nil,
            // Where the journal cannot be read, the engine is asked.
            let known = try? await journal.workloads(named: request.containerName)
        else { return false }
        if let holder = known.last?.deployment {
            // The journal does not tell which ports of the host it has.
            guard replaceable.includes(tenant: holder.tenant, app: holder.app),
                request.ports.allSatisfy({ $0.host == nil })
            else { return false }
            isPreviousAssumed = true
        }
        imageAhead = image
        let (stream, end) = AsyncStream.makeStream(of: Void.self)
        creating = Task {
            defer {
                end.yield()
                end.finish()
            }
            try await haveContainerAhead()
        }
        let alarm = Alarm(after: options.namePatience) { end.finish() }
        var hasEnded = false
        for await _ in stream { hasEnded = true }
        alarm.cancel()
        return !hasEnded || containerID != nil
    }

    /// Asks the engine who has the name.
    func lookAtName() async throws {
        isPreviousAssumed = false
        guard let holder = try await inspect(named: request.containerName) else { return }
        try await take(previous: holder)
    }

    /// The containers that the deployment may replace.
    private var replaceable: AccessScope {
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
        previous = holder
        previousStopped = resumePoint?.stoppedContainer == holder.id
    }

    private func lookForNetwork() async throws {
        guard let network = request.networkToFind else { return }
        try await ask { engine throws(EngineFailure) in try await engine.checkNetwork(network) }
    }
}
