import Deployments
import Engine
import Foundation
import Journal
import Probing

extension Pipeline {
    /// Creates the container under its name, or beside the one it is to replace.
    func create() async throws {
        if let resumePoint, Set(resumePoint.valueNames) != Set(request.environmentValues.keys) {
            throw StageFailure(
                .interrupted,
                "The server stopped, and the environment's values have gone with the container.",
                hint: "Deploy again; what ran before is still running."
            )
        }
        let environment = try ContainerEnvironment(values: request.environmentValues)
        // While the old container serves, the new one has a name of its own.
        let name =
            previous == nil && !isPreviousAssumed
            ? request.containerName : "\(request.containerName).\(id.text.prefix(8))"
        var specification = ContainerSpecification(name: name, image: request.image)
        specification.platform = request.platform
        specification.ports = request.ports
        specification.publishAddress = options.publishAddress
        let token = UUID().uuidString.lowercased()
        specification.labels = request.labels.merging([
            Label.creation: token,
            Label.deployment: id.text,
            Label.app: request.app,
            Label.environment: request.environment,
            Label.tenant: tenant,
        ]) { _, own in own }
        specification.command = request.command
        specification.memory = request.memory
        specification.cpus = request.cpus
        specification.network = request.network
        let whole = specification
        // Known before it is there: what is made without an answer can be told from a copy.
        try await journal.announce(creation: token, of: id)
        let isRepeated = createAttempted
        createAttempted = true
        let start = cache.moment(of: request.image)
        var created = try await attempt { engine throws(EngineFailure) in
            try await engine.create(whole, environment)
        }
        if isRepeated, try await removeLateTwin(created, name) {
            created = try await attempt { engine throws(EngineFailure) in
                try await engine.create(whole, environment)
            }
        }
        if case .failure(let failure) = created, failure.neverArrived {
            createAttempted = isRepeated
        }
        let id = try created.getOrFail()
        creationMoments = (start, cache.moment(of: request.image))
        containerID = id
        containerName = name
        result.containerID = String(id.prefix(12))
        // The values can be read back from the container from here on, whatever the journal takes.
        privateFiles.removeValues()
        try await journal.own(id, from: token)
    }

    /// Removes a container that was asked for before, by this server or by one before it, and that
    /// the engine has made since. False if that is not what has the name.
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

    /// Starts the container and reads back where its ports are published.
    ///
    /// - Parameter source: what is copied next, where that may begin meanwhile.
    func start(thenCopying source: SourceFolder? = nil) async throws {
        guard let containerID else { return }
        if !started {
            try await makeWayForFixedPorts()
            try await tell(
                .startingContainer,
                "Starting container \(request.containerName)",
                fraction: 0.5
            )
            if let source { readAhead(source) }
            try await startContainer(containerID)
            started = true
            beginCopyOfWhatIsRead()
        }
        guard let container = try await lookAtStarted(containerID) else {
            throw StageFailure(
                .containerExited,
                "The container was removed by somebody while it started.",
                hint: "Deploy again."
            )
        }
        guard container.imageID == image?.id else {
            throw StageFailure(
                .internal,
                "The container runs image \(container.imageID), not the one that was pulled.",
                hint: "Somebody changed the image's tag meanwhile; deploy again."
            )
        }
        if let source, copying == nil { copying = beginCopy(source) }
        notify(.started(container, of: id))
        try await readPorts(container)
    }

    /// The container as the engine has it, and with it the one that has its name, if only the journal
    /// has told of that one; nil if it is gone.
    private func lookAtStarted(_ containerID: String) async throws -> Container? {
        guard isPreviousAssumed else { return try await inspect(containerID) }
        let names = [containerID, request.containerName]
        let found = try await ask { engine throws(EngineFailure) in
            try await engine.containers(names).found
        }
        if let holder = found.first(where: { $0.name == request.containerName }) {
            try await take(previous: holder)
        }
        isPreviousAssumed = false
        return found.first { $0.id == containerID }
    }

    /// How often the engine is asked to start a container for which it chooses ports.
    private static let portAttempts = 5

    /// Starts it. A port that the engine chooses may be taken by somebody else on the machine; the
    /// engine chooses others then, and is asked again when it has had no luck with those.
    private func startContainer(_ container: String) async throws {
        for number in 1...Self.portAttempts {
            let started = try await attempt { engine throws(EngineFailure) in
                try await engine.start(container)
            }
            guard case .failure(let failure) = started else { return }
            guard failure.code == .portInUse, fixedPort(in: failure) == nil,
                number < Self.portAttempts
            else { throw await startFailure(failure) }
        }
    }

    /// The port that the request asks for by number and that the engine's words name.
    private func fixedPort(in failure: EngineFailure) -> (mapping: PortMapping, port: UInt16)? {
        for mapping in request.ports {
            if let port = mapping.host, failure.ports.contains(port) { return (mapping, port) }
        }
        return nil
    }

    /// Why the container could not be started; names the port that is in use, and who holds it.
    private func startFailure(_ refusal: EngineFailure) async -> StageFailure {
        var failure = StageFailure(refusal)
        guard refusal.code == .portInUse, let (mapping, port) = fixedPort(in: refusal) else {
            return failure
        }
        let holder = await PortHolder(
            engine: engine.working(on: EngineWork(tag: id.text, limit: .seconds(5))),
            journal: journal,
            accessScope: AccessScope(tenant: tenant, apps: request.replaceableApps)
        ).find(port)
        failure.message =
            "Host port \(port) (\(mapping.name)) is in use"
            + (holder.map { " by \($0)." } ?? ".")
        return failure
    }

    private func readPorts(_ container: Container) async throws {
        published = PublishedPort.of(container, request.ports)
        // A container that has already ended publishes nothing; the health check tells.
        guard container.running || !request.ports.isEmpty else { return }
        for port in published {
            result.urls[port.mapping.name] = port.url(host: options.publicHost)
        }
        result.endpointURL = request.primaryPort.flatMap { result.urls[$0.name] }
        let places = published.map { "\($0.mapping.name) on \($0.hostPort)" }
        try await tell(
            .startingContainer,
            places.isEmpty
                ? "Container started" : "Container started, \(places.joined(separator: ", "))",
            fraction: 1,
            detail: [
                "container_id": .optional(result.containerID),
                "ports": .object(
                    published.map { JSONMember($0.mapping.name, .integer(Int($0.hostPort))) }
                ),
            ]
        )
    }

    /// Stops the old container where it holds a host port that the new one must have.
    private func makeWayForFixedPorts() async throws {
        let fixed = request.ports.compactMap(\.host)
        // Asked anew: what somebody has stopped meanwhile must not be started by a failure.
        guard let previous, !fixed.isEmpty, let holder = try await inspect(previous.id),
            holder.running
        else { return }
        let held = Set(holder.ports.values.joined().map(\.port))
        guard let port = fixed.first(where: held.contains) else { return }
        try await tell(
            .startingContainer,
            "Stopping the previous container, which holds port \(port)",
            fraction: 0.25,
            detail: ResumePoint.stopping(previous.id),
            durable: true
        )
        previousStopped = true
        let seconds = options.stopSeconds
        try await perform { engine throws(EngineFailure) in
            try await engine.stop(previous.id, seconds: seconds)
        }
    }
}
