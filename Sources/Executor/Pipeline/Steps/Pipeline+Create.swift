import Deployments
import Engine
import Foundation
import Journal

extension Pipeline {
    /// Creates the container if there is none, or none of the right image.
    func haveContainer() async throws {
        while true {
            try Task.checkCancellation()
            if observed.isContainerStale || observed.isContainerIncomplete {
                try await discardContainer()
            }
            do {
                if observed.container == nil { try await create() }
                // The pull may have brought another image meanwhile.
                guard observed.isContainerStale else { return }
            } catch {
                guard observed.isContainerStale else { throw error }
            }
        }
    }

    /// Waits in the creation's own stage until the container is there.
    func attendCreation() async throws {
        try await tell(
            request.copy == .beforeStart ? .copyingFiles : .startingContainer,
            "Creating container \(observed.name)"
        )
        if isRunning(.createContainer) {
            do {
                try await finish(.createContainer)
            } catch let failure as StageFailure where failure.code == .timedOut {
                // The stage has waited long enough.
                throw failure
            } catch {
                // An early creation may fail; it is repeated here.
            }
        }
        if !isDone(.createContainer) { try await createInItsStage() }
        try await settleContainer()
    }

    private func createInItsStage() async throws {
        do {
            states[.createContainer] = nil
            try await finish(.createContainer)
        } catch let failure as StageFailure
            where failure.code == .imageNotFound && request.pull != .never
            && request.build == nil
        {
            try await pullAgain()
            states[.createContainer] = nil
            try await finish(.createContainer)
        } catch let failure as StageFailure
            where failure.code == .nameInUse && observed.previous == nil
        {
            // The name was not looked up, or somebody has taken it since.
            try await checkName()
            states[.createContainer] = nil
            try await finish(.createContainer)
        }
    }

    /// Makes the container anew if it was created of an older image, while another deployment
    /// pulled the newer one.
    private func settleContainer() async throws {
        guard plan.discards(.createContainer, if: .imageHasChanged),
            let creationMoments, !observed.isStarted,
            cache.mayHaveChanged(
                request.image,
                from: creationMoments.start,
                to: creationMoments.end
            )
        else { return }
        for _ in 0..<Self.repeats {
            guard let id = observed.container?.id, let container = try await inspect(id),
                container.imageID != observed.image?.id
            else { return }
            if let newer = try await localImageIfAny() { try accept(newer) }
            if container.imageID == observed.image?.id { return }
            try await discardContainer()
            try await create()
        }
    }

    private func discardContainer() async throws {
        if let stale = observed.container?.id {
            try keepValues()
            observed.container = nil
            result.containerID = nil
            try await perform { engine throws(EngineFailure) in try await engine.remove(stale) }
        }
        (observed.isContainerStale, observed.isContainerIncomplete) = (false, false)
    }

    /// Creates the container under its name, or beside the one it is to replace.
    private func create() async throws {
        // While the old container serves, the new one has a name of its own.
        let name =
            observed.previous == nil && !observed.isPreviousAssumed
            ? observed.name : "\(observed.name).\(id.text.prefix(8))"
        // A container that is created before the image is identified is made of the one that was here.
        let now = cache.moment(of: request.image)
        let start = observed.image == nil ? presentMoment ?? now : now
        _ = try await make(specification(named: name), on: request.attachments) { id in
            creationMoments = (start, cache.moment(of: request.image))
            observed.container = Observed.Made(id: id, name: name)
            observed.isContainerIncomplete = true
            result.containerID = String(id.prefix(12))
        }
        observed.isContainerIncomplete = false
        // The values can be read back from the container from here on.
        privateFiles.removeValues()
    }

    /// What every container of the deployment carries.
    var labels: [String: String] {
        request.labels.merging([
            Label.deployment: id.text,
            Label.app: request.app,
            Label.environment: request.environment,
            Label.tenant: tenant,
        ]) { _, own in own }
    }

    /// What a container of the deployment is created with.
    func specification(named name: String) -> ContainerSpecification {
        var specification = ContainerSpecification(name: name, image: request.image)
        specification.platform = request.platform
        specification.ports = request.ports
        specification.publishAddress = options.publishAddress
        specification.labels = labels
        specification.command = request.command
        specification.memory = request.memory
        specification.cpus = request.cpus
        specification.settings = request.settings
        specification.network = request.attachments.first
        specification.mounts = mounts
        return specification
    }

    /// Creates a container that has its secrets and is the deployment's as the journal knows it; gives
    /// its id.
    ///
    /// - Parameters:
    ///   - networks: all of them, the specification's first.
    ///   - made: called with the id as soon as there is one.
    func make(
        _ specification: ContainerSpecification,
        on networks: [ContainerSettings.Attachment],
        made: (String) -> Void = { _ in }
    ) async throws -> String {
        try requireValues()
        try await haveVolumes()
        let environment = try ContainerEnvironment(values: request.environmentValues)
        var whole = specification
        whole.settings.logging = try await logging()
        let token = UUID().uuidString.lowercased()
        whole.labels[Label.creation] = token
        let final = whole
        // The journal knows the creation before it is asked for. So a container that is made without an
        // answer can be told from a copy of it.
        try await journal.announce(creation: token, by: recorder.driver)
        let isRepeated = observed.createAttempted
        observed.createAttempted = true
        var created = try await attempt { engine throws(EngineFailure) in
            try await engine.create(final, environment)
        }
        if isRepeated, try await removeLateTwin(created, final.name) {
            created = try await attempt { engine throws(EngineFailure) in
                try await engine.create(final, environment)
            }
        }
        if case .failure(let failure) = created, failure.neverArrived {
            observed.createAttempted = isRepeated
        }
        let id = try created.getOrFail()
        made(id)
        try await journal.own(id, from: token)
        // Older engines create a container on one network at most.
        for attachment in networks.dropFirst() {
            try await perform { engine throws(EngineFailure) in
                try await engine.connect(id, to: attachment)
            }
        }
        try await placeSecrets(in: id)
        return id
    }

    /// Whether all values that the container was given are known.
    var hasAllValues: Bool {
        guard let resumePoint else { return true }
        return Set(resumePoint.valueNames) == Set(request.environmentValues.keys)
            && Set(resumePoint.buildArgumentNames) == Set((request.build?.arguments ?? [:]).keys)
            && Set(resumePoint.secretNames) == Set(request.secrets.keys)
    }

    /// Throws if confidential values were lost with a server before this one.
    private func requireValues() throws {
        guard let resumePoint else { return }
        guard Set(resumePoint.valueNames) == Set(request.environmentValues.keys) else {
            throw StageFailure(
                .interrupted,
                "The server stopped, and the environment's values have gone with the container.",
                hint: "Deploy again; what ran before is still running."
            )
        }
        guard Set(resumePoint.secretNames) == Set(request.secrets.keys) else {
            throw StageFailure(
                .interrupted,
                "The server stopped, and the secrets have gone with the container.",
                hint: "Deploy again; what ran before is still running."
            )
        }
    }

    /// Where the container's output goes: as the request says, or else as the server's options say if the
    /// engine's driver takes them.
    private func logging() async throws -> ContainerSettings.Logging? {
        if let logging = request.settings.logging { return logging }
        let takesOptions = await takesLogOptions()
        try Task.checkCancellation()
        guard takesOptions else { return nil }
        return ContainerSettings.Logging(driver: nil, options: options.logOptions)
    }

    /// Whether the engine's own log driver takes the server's options, and the request leaves it to them.
    func takesLogOptions() async -> Bool {
        guard request.settings.logging == nil, !options.logOptions.isEmpty else { return false }
        return (try? await engine.setup().takesLogOptions) ?? false
    }

    /// Removes a container that this server or one before it has asked for without an answer, and that the
    /// engine has made since. False if another container has the name.
    private func removeLateTwin(
        _ created: Result<String, EngineFailure>,
        _ name: String
    ) async throws -> Bool {
        guard case .failure(let failure) = created, failure.code == .nameInUse,
            let twin = try await inspect(named: name), try await isOwn(twin)
        else { return false }
        try await perform { engine throws(EngineFailure) in try await engine.remove(twin.id) }
        return true
    }
}
