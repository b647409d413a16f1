import Deployments
import Engine
import Journal

extension Pipeline {
    /// Finds what is known before the first step: for a new deployment from earlier ones and the journal, and
    /// for one that a server before this one had begun from the engine.
    func observe() async throws {
        if let resumePoint { return try await resume(from: resumePoint) }
        presentMoment = cache.moment(of: request.image)
        // The journal does not tell which containers write a volume.
        guard request.volumes.isEmpty, request.update.order != .stopFirst else { return }
        guard request.pull == .always, let image = cache.image(for: request) else { return }
        observed.presentImage = image
        // If the journal cannot be read, the engine is asked.
        guard let known = try? await journal.workloads(named: request.containerName) else { return }
        if let holder = known.last?.deployment {
            // The journal does not tell which ports of the host the container has.
            guard questions.accessScope.includes(tenant: holder.tenant, app: holder.app),
                request.ports.allSatisfy({ $0.host == nil })
            else { return }
            observed.isPreviousAssumed = true
        }
        observed.isHolderKnown = true
    }

    /// Finds what a server before this one left in the engine, and goes on from there. It only looks: what
    /// it finds to be removed is removed by the plan's first step.
    ///
    /// A container that was being started, or later, is taken over. One that was made ahead of its
    /// stage is not: the pull that is done again may bring another image. Nor is one that was
    /// not started yet and is of another image than the name stands for now.
    private func resume(from resumePoint: ResumePoint) async throws {
        observed.stage = resumePoint.stage
        observed.createAttempted = true
        observed.isUndoing = resumePoint.intents.undoing != nil
        begun = Set(Step.allCases)
        guard resumePoint.stage != .queued else { return }
        engineHasAnswered = true
        let (all, origins) = try await ownContainers()
        let containers = all.filter { $0.name != releaseName }
        observed.isReleased = resumePoint.intents.isReleased
        let serving = containers.first { $0.id == resumePoint.intents.servingContainer }
        observed.isTakingOver = serving != nil
        observed.leftovers = Observed.Leftovers(origins: origins)
        if serving == nil { control.unprotect() }
        if !hasToldRestart { try await recorder.note("The server was started again; going on") }
        hasToldRestart = true
        try await recoverValues(resumePoint, from: containers + all)
        try await findPrevious()
        let kept = try await container(of: containers, serving, resumePoint)
        let release = observed.isReleased ? nil : resumePoint.intents.releaseContainer
        observed.leftovers?.unwanted = all.map(\.id).filter { $0 != kept?.id && $0 != release }
        observed.leftovers?.haveValues = kept == nil && !all.isEmpty
        guard let kept else { return }
        observed.container = Observed.Made(id: kept.id, name: kept.name)
        result.containerID = String(kept.id.prefix(12))
        observed.isStarted = kept.status != .created
        observed.image = try await askImage(kept.imageID)
        result.imageID = kept.imageID
        result.imageDigest = observed.image?.digest(for: request.image)
    }

    /// The container with which the deployment goes on; nil if it is to make one.
    private func container(
        of containers: [Container],
        _ serving: Container?,
        _ resumePoint: ResumePoint
    ) async throws -> Container? {
        let own =
            serving ?? containers.first { $0.running }
            ?? containers.first { $0.status != .created }
        let isPrepared = observed.isPast(.preparingFiles, request.copy)
        guard isPrepared, let kept = own ?? containers.first else { return nil }
        guard kept.status == .created else { return kept }
        // Its secrets, or further networks, may be missing.
        if resumePoint.hasKeptValues && !request.secrets.isEmpty || request.attachments.count > 1 {
            return nil
        }
        guard let image = try await askImage(request.image) else { return kept }
        return image.id == kept.imageID ? kept : nil
    }

    /// Removes the containers with which the deployment does not go on.
    func removeLeftovers() async throws {
        guard let leftovers = observed.leftovers else { return }
        for (container, creation) in leftovers.origins {
            try await journal.own(container, from: creation)
        }
        if leftovers.haveValues { try keepValues() }
        for container in leftovers.unwanted {
            try await perform { engine throws(EngineFailure) in try await engine.remove(container) }
        }
        // The container that is kept has all of them.
        if observed.container != nil { privateFiles.removeAll() }
    }

    /// The image of that name or id; nil if it cannot be looked at.
    private func askImage(_ name: String) async throws -> Image? {
        let answer = try await askAgain { engine throws(EngineFailure) in
            try await engine.image(name)
        }
        return if case .success(let image) = answer { image } else { nil }
    }

    /// Whether the deployment had the container created. Its label alone does not prove it.
    func isOwn(_ container: Container) async throws -> Bool {
        try await journal.owner(of: container.claim)?.deployment == id
    }

    /// The containers that carry the deployment's label and are its own, and the creations that they come
    /// from.
    private func ownContainers() async throws
        -> (all: [Container], origins: [(id: String, creation: String)])
    {
        let text = id.text
        let list = try await ask { engine throws(EngineFailure) in
            try await engine.containers(labelled: Label.deployment, text)
        }
        var containers: [Container] = []
        var creations: [String: String] = [:]
        for container in list {
            guard let found = try await inspect(container.id), try await isOwn(found) else {
                continue
            }
            if let creation = found.claim.creation {
                // One creation makes one container; another one is somebody's copy.
                guard creations[creation] == nil else { continue }
                creations[creation] = found.id
            }
            containers.append(found)
        }
        return (containers, creations.map { ($0.value, $0.key) })
    }

    /// Finds the container that is to be replaced, under its name or already set aside.
    func findPrevious() async throws {
        let aside = try await inspect(named: retiredName)
        let named = try await inspect(named: request.containerName)
        observed.isObserved = true
        if let holder = aside ?? named { try await take(previous: holder) }
    }

    /// Reads the environment's values and the secrets from a container that was made with them.
    private func recoverValues(
        _ resumePoint: ResumePoint,
        from containers: [Container]
    ) async throws {
        guard let container = containers.first, request.confidentialValues.isEmpty,
            !resumePoint.valueNames.isEmpty || !resumePoint.secretNames.isEmpty
        else { return }
        var values = ConfidentialValues()
        if !resumePoint.valueNames.isEmpty {
            let answer = try await askAgain { engine throws(EngineFailure) in
                try await engine.environment(of: container.id)
            }
            // If they cannot be read, the container is not made again.
            if case .success(let all) = answer {
                values.environment = all.filter { resumePoint.valueNames.contains($0.key) }
            }
        }
        if !resumePoint.secretNames.isEmpty {
            values.secrets = try await readSecrets(in: container.id)
                .filter { resumePoint.secretNames.contains($0.key) }
        }
        await recover(values)
    }

    /// Writes the values to a file again, because the container that holds them is to be removed.
    func keepValues() throws {
        do {
            try privateFiles.keep(request.confidentialValues)
        } catch {
            throw JournalError(error, writingInto: options.privateFolder)
        }
    }
}
