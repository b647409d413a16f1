import Deployments
import Engine
import Probing
import Threads

extension Pipeline {
    /// The pause between two looks at a container that must stay healthy.
    private static let pause: Duration = .seconds(1)

    /// Sees that the new container stays healthy before it takes over.
    func monitorStability() async throws {
        let seconds = request.update.monitorSeconds
        let end = ContinuousClock.now + .seconds(seconds)
        try await tell(.healthCheck, "Watching the container for \(seconds) s", fraction: 0.9)
        let required = published.filter { request.requiredPorts.contains($0.mapping.name) }
        while ContinuousClock.now < end {
            try await Task.pause(for: min(Self.pause, end - ContinuousClock.now))
            try await checkContainer()
            for port in required where try await !answers(port) {
                // One answer may be lost.
                try await Task.pause(for: Self.pause)
                guard try await !answers(port) else { continue }
                throw await unstable("\(port.mapping.name) did not stay healthy")
            }
        }
    }

    private func checkContainer() async throws {
        let container: Container
        do {
            container = try await ensureRunning()
        } catch let failure as StageFailure where failure.code == .containerExited {
            var failure = failure
            failure.code = .unstable
            failure.message = "The container did not stay up: \(failure.message)"
            throw failure
        }
        if waitsForImage, container.health == .unhealthy {
            throw await unstable("its own check failed")
        }
    }

    private func answers(_ port: PublishedPort) async throws -> Bool {
        let answer = await PortProbe(port, host: options.publicHost, deployment: id).ask()
        try Task.checkCancellation()
        return answer == .healthy
    }

    private func unstable(_ what: String) async -> StageFailure {
        let log = if let id = observed.container?.id { await logTail(id) } else { LogTail() }
        return StageFailure(
            .unstable,
            "The container was healthy, and within \(request.update.monitorSeconds) s \(what).",
            hint: "Its last lines may tell why; what ran before is still running.",
            containerLogTail: log
        )
    }
}
