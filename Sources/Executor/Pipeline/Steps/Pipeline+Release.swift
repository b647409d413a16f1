import Deployments
import Engine
import Journal
import Streams
import Threads

extension Pipeline {
    /// The name of the release command's container.
    var releaseName: String { ReleaseCommand.containerName(observed.name, id) }

    /// Tells what the release command writes until it has ended.
    func attendRelease() async throws {
        guard let release = request.release else { return }
        try await tell(
            .startingContainer,
            "Running the release command: \(release.shown)",
            fraction: 0.2
        )
        let output = ProgramOutput(secrets: request.masked)
        releaseOutput = output
        try await finish(.runRelease) { [self] in
            while !Task.isCancelled {
                // Ten events a second at most.
                try await Task.pause(for: .milliseconds(100))
                try await tellOutput(output.take())
            }
        }
        try await tellOutput(output.take())
        try await tell(.startingContainer, "The release command has succeeded", fraction: 0.4)
    }

    private func tellOutput(_ lines: [String]) async throws {
        // If values are not known any more, they cannot be masked in what is told.
        guard hasAllValues, let last = lines.last else { return }
        try await tell(
            .startingContainer,
            "Release: \(String(last.prefix(200)))",
            fraction: 0.3,
            detail: ["output": .strings(lines)]
        )
    }

    /// Runs the command once, or goes on with the run that a server before this one has begun.
    func runRelease() async throws {
        guard let release = request.release else { return }
        var container = resumePoint?.intents.releaseContainer
        if let known = container {
            guard let found = try await inspect(known) else { throw Self.lostRelease }
            // A container that was never started has done nothing yet.
            if found.status == .created { try await startRelease(known) }
        } else {
            let made = try await makeRelease()
            container = made
            try await tell(
                .startingContainer,
                "Running the release command: \(release.shown)",
                fraction: 0.25,
                intent: .releasing(container: made)
            )
            try await startRelease(made)
        }
        guard let container else { return }
        try await follow(container, release)
        try await journal.intend(.released, by: recorder.driver)
        // If it cannot be removed now, it is removed with the leftovers.
        _ = try await askAgain { engine throws(EngineFailure) in try await engine.remove(container)
        }
    }

    private static var lostRelease: StageFailure {
        StageFailure(
            .interrupted,
            "The release command's container is gone, and how the command ended is not known.",
            hint: "See what it has done, and deploy again; what ran before is still running."
        )
    }

    /// Makes a container of the new image with the same settings, values, volumes and files; gives its id.
    private func makeRelease() async throws -> String {
        var specification = specification(named: releaseName)
        specification.command = request.release?.words ?? []
        specification.ports = []
        specification.settings.check = .init(test: .none)
        // Programs that look for the caller's labels must not find it.
        for name in request.labels.keys { specification.labels[name] = nil }
        // It serves nobody: it has no ports, and no names that others look for.
        let networks = request.attachments.map { ContainerSettings.Attachment(network: $0.network) }
        specification.network = networks.first
        let id = try await make(specification, on: networks)
        if let source = observed.source {
            try await tell(
                .startingContainer,
                "Copying \(source.files) for the release command",
                fraction: 0.2
            )
            let archive = archive(of: source)
            try await copy(archive, into: id)
        }
        return id
    }

    private func startRelease(_ container: String) async throws {
        try await checkFolders()
        do {
            try await perform { engine throws(EngineFailure) in try await engine.start(container) }
        } catch let failure as StageFailure where failure.code == .commandNotFound {
            throw StageFailure(
                .releaseFailed,
                "The release command cannot be run: \(failure.message)",
                hint: "Correct release_command: its first word must be a program in the image.",
                exitCode: failure.exitCode,
                outputTail: failure.outputTail
            )
        }
    }

    /// Reads what the command writes until it has ended, and throws unless it has succeeded.
    private func follow(_ container: String, _ release: ReleaseCommand) async throws {
        let output = releaseOutput
        let engine = engine
        // Awaited by `judge`, or below if that throws.
        let reading = Task {
            let flow = OutputFlow(limit: ProgramOutput.mostHeld)
            // Little is kept of what was written before, so it takes no room from what follows.
            await engine.readLog(of: container, lines: 1000, follow: true, flow: flow) { bytes in
                output?.feed(bytes)
                flow.took(bytes.count)
            }
            output?.end()
        }
        do {
            try await judge(container, release, reading)
        } catch {
            reading.cancel()
            await reading.value
            throw error
        }
    }

    /// Waits until the command has ended and its output has been read; throws unless it has succeeded.
    private func judge(
        _ container: String,
        _ release: ReleaseCommand,
        _ reading: Task<Void, Never>
    ) async throws {
        let isInTime = try await awaitEnd(of: container, within: .seconds(release.timeoutSeconds))
        guard isInTime else {
            let log = await logTail(container)
            _ = try? await engine.stop(container, seconds: 0)
            throw StageFailure(
                .releaseFailed,
                "The release command was not done after \(release.timeoutSeconds) s.",
                hint: "Allow it more time with release_timeout; what ran before goes on.",
                containerLogTail: log
            )
        }
        // Its last lines come with its end. A log that cannot be read is not waited for.
        let alarm = Alarm(after: .seconds(2)) { reading.cancel() }
        await reading.value
        alarm.cancel()
        guard let found = try await inspect(container) else { throw Self.lostRelease }
        guard found.exitCode != 0 else { return }
        throw StageFailure(
            .releaseFailed,
            found.oomKilled
                ? "The release command used more memory than it may and was killed."
                : "The release command ended with exit code \(found.exitCode).",
            hint: "Its last lines tell why; what ran before goes on.",
            exitCode: found.exitCode,
            containerLogTail: await logTail(container)
        )
    }

    /// Waits until a container's program has ended; false if the time is over first.
    private func awaitEnd(of container: String, within limit: Duration) async throws -> Bool {
        let end = ContinuousClock.now + limit
        while true {
            let left = end - ContinuousClock.now
            guard left > .zero else { return false }
            let answer = try await withThrowingTaskGroup(
                of: Result<Int, EngineFailure>?.self
            ) { [engine] group in
                group.addTask {
                    do throws(EngineFailure) {
                        return .success(try await engine.awaitEnd(of: container))
                    } catch {
                        return .failure(error)
                    }
                }
                group.addTask {
                    try await Task.pause(for: left)
                    return nil
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
            try Task.checkCancellation()
            switch answer {
            case .success: return true
            case nil: return false
            case .failure(let failure):
                if failure.isMissing { throw Self.lostRelease }
                // An engine that goes away is waited for; it may have kept the program running.
                guard failure.code == .dockerUnavailable, await engineComesBack() else {
                    throw StageFailure(failure)
                }
                guard let found = try await inspect(container) else { throw Self.lostRelease }
                if !found.running { return true }
            }
        }
    }
}

extension ReleaseCommand {
    /// The command for a person.
    fileprivate var shown: String {
        let text = words.joined(separator: " ")
        return text.count > 120 ? "\(text.prefix(120))…" : text
    }
}
