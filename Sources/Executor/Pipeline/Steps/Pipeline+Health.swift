import Deployments
import Engine
import Probing
import Threads

extension Pipeline {
    /// How long ports that are not required may take once the required ones are healthy.
    private static let grace: Duration = .seconds(5)
    /// How long a container in which nothing is required must have run.
    private static let settling: Duration = .seconds(1)
    /// How often the engine is asked about the container while it is waited for.
    private static let inspectionPause: Duration = .milliseconds(500)

    /// Waits until the container is healthy. A container that has already taken over stays, even if it is no
    /// longer healthy: the monitor tells of that.
    func awaitHealth() async throws {
        do {
            try await probePorts()
        } catch is StageFailure where observed.isTakingOver {}
    }

    /// Probes every port until the required ones are healthy, or the time is over.
    private func probePorts() async throws {
        for port in request.probedPorts { result.healthStatus[port.name] = false }
        let waited = request.requiredPorts + (waitsForImage ? [checkName] : [])
        try await tell(
            .healthCheck,
            waited.isEmpty
                ? "Seeing that the container keeps running"
                : "Waiting for \(waited.joined(separator: ", "))",
            detail: healthDetail
        )
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for port in published where port.mapping.transport == .tcp {
                group.addTask { [self] in
                    try await probe(port)
                    return false
                }
            }
            group.addTask { [self] in
                try await judge()
                return true
            }
            defer { group.cancelAll() }
            while let decided = try await group.next() {
                if decided { return }
            }
        }
        try await tell(.healthCheck, healthMessage, fraction: 0.9, detail: healthDetail)
    }

    /// Whether the engine's own check of the container counts.
    var waitsForImage: Bool {
        guard request.heedsImageCheck else { return false }
        switch request.settings.check?.test {
        case .some(.none): return false
        case .shell, .command: return true
        case .inherited, nil: return observed.image?.hasHealthcheck == true
        }
    }

    private var checkName: String {
        request.settings.check == nil ? "the image's own check" : "the container's own check"
    }

    private var healthDetail: JSONValue {
        [
            "ports": .object(
                result.healthStatus.sorted { $0.key < $1.key }
                    .map { JSONMember($0.key, .bool($0.value)) }
            )
        ]
    }

    private var healthMessage: String {
        let sick = result.healthStatus.filter { !$0.value }.keys.sorted()
        guard !sick.isEmpty else { return "The container is healthy" }
        return "The container is healthy, without \(sick.joined(separator: ", "))"
    }

    /// Probes one port until it is healthy.
    private func probe(_ port: PublishedPort) async throws {
        let probe = PortProbe(port, host: options.publicHost, deployment: id)
        var pause = Duration.milliseconds(10)
        while true {
            let answer = await probe.ask()
            try Task.checkCancellation()
            probeAnswers[port.mapping.name] = answer.complaint
            switch answer {
            case .healthy:
                result.healthStatus[port.mapping.name] = true
                defer { portChange.wake() }
                let healthy = result.healthStatus.values.count { $0 }
                try await tell(
                    .healthCheck,
                    "\(port.mapping.name) is healthy",
                    fraction: 0.8 * Double(healthy) / Double(max(1, request.probedPorts.count)),
                    detail: healthDetail
                )
                return
            case .refused:
                containerSuspect = true
                portChange.wake()
            case .unhealthy: break
            }
            try await Task.pause(for: pause)
            pause = min(pause * 3 / 2, .milliseconds(250))
        }
    }

    /// Returns when the container is healthy enough; throws when it never will be.
    private func judge() async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let deadline = start + .seconds(request.health.timeoutSeconds)
        // If nothing is probed, only the look after settling counts.
        let waitsForNothing = request.requiredPorts.isEmpty && !waitsForImage
        var nextInspection =
            start + (waitsForImage ? .zero : waitsForNothing ? Self.settling : Self.inspectionPause)
        var imageStatus: Container.Health = waitsForImage ? .starting : .healthy
        var graceEnd: ContinuousClock.Instant?
        let required = request.requiredPorts
        var settled = !waitsForNothing
        while true {
            if clock.now >= nextInspection || containerSuspect {
                containerSuspect = false
                let container = try await ensureRunning()
                settled = settled || clock.now - start >= Self.settling
                if waitsForImage { imageStatus = container.health ?? .starting }
                nextInspection =
                    clock.now + (waitsForImage ? Self.inspectionPause / 2 : Self.inspectionPause)
            }
            let now = clock.now
            var next = min(nextInspection, deadline)
            let isHealthy = { (name: String) in self.result.healthStatus[name] == true }
            if settled, imageStatus == .healthy, required.allSatisfy(isHealthy) {
                let probed = published.filter { $0.mapping.transport == .tcp }
                if probed.allSatisfy({ isHealthy($0.mapping.name) }) { return }
                let end = graceEnd ?? min(now + Self.grace, deadline)
                graceEnd = end
                if now >= end { return }
                next = min(nextInspection, end)
            } else if now >= deadline {
                throw await unhealthy(required.filter { !isHealthy($0) }, imageStatus)
            }
            await portChange.wait(until: next)
            try Task.checkCancellation()
        }
    }

    /// The container if its program runs; otherwise throws why it does not.
    @discardableResult
    func ensureRunning() async throws -> Container {
        guard let id = observed.container?.id, let container = try await inspect(id) else {
            throw StageFailure(
                .containerExited,
                "The container was removed by somebody before it was healthy.",
                hint: "Deploy again."
            )
        }
        guard !container.running || container.restartCount > 0 else { return container }
        let code = container.exitCode
        let log = await logTail(id)
        if container.oomKilled || (code == 137 && request.memory != nil) {
            throw StageFailure(
                .outOfMemory,
                "The container used more memory than it may and was killed.",
                hint: "Give it more with memory\(request.memory.map { " (now \($0))" } ?? "").",
                exitCode: code,
                containerLogTail: log
            )
        }
        if observed.engineWasAway {
            throw StageFailure(
                .containerExited,
                "The container ended when the docker engine did, before the deployment was done.",
                hint: "Deploy again, now that the engine is back.",
                exitCode: code,
                containerLogTail: log
            )
        }
        throw StageFailure(
            .containerExited,
            "The container ended with exit code \(code) before it was healthy.",
            hint: "Its last lines tell why; the program must keep running in the foreground.",
            exitCode: code,
            containerLogTail: log
        )
    }

    private func unhealthy(_ sick: [String], _ imageStatus: Container.Health) async -> StageFailure
    {
        var reasons = sick.map { name in
            "\(name): \(probeAnswers[name] ?? "no answer yet")"
        }
        if imageStatus != .healthy { reasons.append("\(checkName): \(imageStatus.rawValue)") }
        let log = if let id = observed.container?.id { await logTail(id) } else { LogTail() }
        return StageFailure(
            .healthCheckFailed,
            "Not healthy after \(request.health.timeoutSeconds) s (\(reasons.joined(separator: "; "))).",
            hint: "See that the program listens on 0.0.0.0 on the container port, or allow more"
                + " time with health.timeout_seconds.",
            containerLogTail: log
        )
    }
}
