import Deployments
import Engine
import Journal
import Probing

extension Pipeline {
    /// Tells that the container is being started.
    func tellStart(_ fraction: Double) async throws {
        try await tell(
            .startingContainer,
            "Starting container \(observed.name)",
            fraction: fraction
        )
    }

    /// Looks at the container as it runs, and at the one that has its name if that was known from the journal
    /// only.
    func inspectStarted() async throws {
        guard let id = observed.container?.id else { return }
        guard let container = try await inspectStarted(id) else {
            throw StageFailure(
                .containerExited,
                "The container was removed by somebody while it started.",
                hint: "Deploy again."
            )
        }
        guard container.imageID == observed.image?.id || observed.isTakingOver else {
            throw StageFailure(
                .internal,
                "The container runs image \(container.imageID), not the one that was pulled.",
                hint: "Somebody changed the image's tag meanwhile; deploy again."
            )
        }
        notify(.started(container, of: self.id))
        published = PublishedPort.of(container, request.ports)
        observed.isRunning = container.running
    }

    private func inspectStarted(_ id: String) async throws -> Container? {
        guard observed.isPreviousAssumed else { return try await inspect(id) }
        let names = [id, observed.name]
        let found = try await ask { engine throws(EngineFailure) in
            try await engine.containers(names).found
        }
        if let holder = found.first(where: { $0.name == observed.name }) {
            try await take(previous: holder)
        }
        observed.isPreviousAssumed = false
        return found.first { $0.id == id }
    }

    /// How often the engine is asked to start a container for which it chooses ports.
    private static let portAttempts = 5

    /// Starts the container. Somebody else on the machine may have taken a port that the engine chooses. The
    /// engine tries others then, and is asked again if those are taken, too.
    func startContainer() async throws {
        guard let id = observed.container?.id else { return }
        try await checkFolders()
        for number in 1...Self.portAttempts {
            let started = try await attempt { engine throws(EngineFailure) in
                try await engine.start(id)
            }
            guard case .failure(let failure) = started else {
                observed.isStarted = true
                return
            }
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

    /// Why the container could not be started. If a port is in use, the failure names it and its holder.
    private func startFailure(_ refusal: EngineFailure) async -> StageFailure {
        var failure = StageFailure(refusal)
        guard refusal.code == .portInUse, let (mapping, port) = fixedPort(in: refusal) else {
            return failure
        }
        let quick = engine.working(on: EngineWork(tag: id.text, limit: .seconds(5)))
        failure.message = await questions.takenPort(mapping, port, quick).failure.message
        return failure
    }

    /// Tells at which ports of the host the container's ports are published.
    func tellPorts() async throws {
        // A container that has already ended publishes nothing. The health check tells of that.
        guard observed.isRunning || !request.ports.isEmpty else { return }
        for port in published {
            result.urls[port.mapping.name] = port.url(host: options.publicHost)
        }
        result.endpointURL = request.primaryPort.flatMap { result.urls[$0.name] }
        let places = published.map { port in
            let suffix = port.mapping.transport == .udp ? "/udp" : ""
            return "\(port.mapping.name) on \(port.hostPort)\(suffix)"
        }
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
}
