import Deployments
import Docker
import Engine
import Synchronization

extension Pipeline {
    /// Gets the image into the engine, as the request's policy says.
    func pull() async throws {
        switch request.pull {
        case _ where isDone(.pullingImage):
            image = try await request.pull == .never ? localImage() : localImageIfAny()
            if image == nil {
                try await pullNow()
                image = try await localImage()
            }
        case .always:
            try await pullNow()
            try await settleImage()
        case .missing:
            try await tell(.pullingImage, "Looking for \(request.image)")
            image = try await localImageIfAny()
            if image == nil {
                try await pullNow()
                image = try await localImage()
            } else {
                try await tell(.pullingImage, "\(request.image) is already here", fraction: 1)
            }
        case .never:
            try await tell(.pullingImage, "Looking for \(request.image)")
            image = try await localImage()
            try await tell(.pullingImage, "\(request.image) is already here", fraction: 1)
        }
        guard let image else { return }
        try accept(image)
        if imageAhead == nil || isContainerStale { createAhead() }
    }

    /// Pulls the image once more, which has gone since it was pulled.
    func pullAgain() async throws {
        try await recorder.note("\(request.image) has gone meanwhile; pulling it once more")
        pulling = nil
        try await pullNow()
        try accept(try await localImage())
    }

    /// Tells the image in the result, unless it cannot run here.
    func accept(_ image: Image) throws {
        self.image = image
        engine.keep(image, for: request)
        result.imageID = image.id
        result.imageDigest = image.digest(for: request.image)
        try checkPlatform(image)
    }

    /// The image as it is here; nil if it is not.
    func localImageIfAny() async throws -> Image? {
        let command = DockerCommand.imageInspect(request.image)
        let outcome = try await perform(command)
        if let image = Image.decode(outcome.output) { return image }
        if outcome.saysMissing { return nil }
        throw failure(outcome, of: command)
    }

    private func localImage() async throws -> Image {
        let command = DockerCommand.imageInspect(request.image)
        let outcome = try await perform(command)
        guard let image = Image.decode(outcome.output) else {
            throw failure(outcome, of: command)
        }
        return image
    }

    /// An engine pulls an image of another platform without a word when it is the only one.
    func checkPlatform(_ image: Image) throws {
        let wanted: [String]
        if let platform = request.platform {
            wanted = platform.split(separator: "/").map(String.init)
        } else if let engine = engine.platform {
            wanted = [engine.os, engine.architecture]
        } else {
            return
        }
        let actual = [image.os, image.architecture]
        guard zip(wanted, actual).contains(where: { $0 != $1 && !$1.isEmpty }) else { return }
        throw StageFailure(
            .platformMismatch,
            "The image is for \(actual.joined(separator: "/")), not for"
                + " \(wanted.joined(separator: "/")).",
            hint: "Use an image built for \(wanted.joined(separator: "/")), or set platform to"
                + " \(actual.joined(separator: "/")) where the engine can emulate it."
        )
    }

    /// Finds out what has been pulled. A container that is being created of an older image
    /// meanwhile is made anew.
    private func settleImage() async throws {
        let monitor = pulling?.monitor
        let isUpToDate = monitor?.upToDate == true
        // Another deployment's pull may have brought the newer one since it was looked at.
        if let imageAhead, isUpToDate, imageAhead.isKnown(as: monitor?.digest) {
            image = imageAhead
            return
        }
        let pulled = try await localImage()
        image = pulled
        // One that was looked at after the pull says nothing of the one the container is made of.
        isContainerStale = !isUpToDate || imageAhead?.id != pulled.id
    }

    /// Starts the pull itself.
    func beginPull() throws -> PullRun {
        let configuration = try registryConfiguration()
        var command = DockerCommand.pull(image: request.image, platform: request.platform)
        command.tag = id.text
        command.environment.merge(configuration?.environment ?? [:]) { _, new in new }
        let monitor = PullMonitor()
        let whole = command
        let (runner, engine, image) = (runner, engine, request.image)
        let number = engine.beginPull(of: image)
        return PullRun(
            command: command,
            configuration: configuration,
            monitor: monitor,
            task: Task {
                let outcome = await runner.run(whole, onOutput: { monitor.feed($0) })
                engine.endPull(
                    number,
                    of: image,
                    mayHaveChanged: !(outcome.succeeded && monitor.upToDate)
                )
                return outcome
            }
        )
    }

    /// How often a pull is begun again that the engine has broken off by going away, and a
    /// container made again whose image others have changed.
    static let repeats = 2

    private func pullNow() async throws {
        try await tell(.pullingImage, "Pulling \(request.image)")
        for _ in 0..<Self.repeats {
            do {
                return try await pullOnce()
            } catch let failure as StageFailure where failure.code == .dockerUnavailable {
                guard await engineComesBack() else { throw failure }
                try await tell(.pullingImage, "The engine is back; pulling \(request.image) again")
            }
        }
        try await pullOnce()
    }

    private func pullOnce() async throws {
        let run = try pulling ?? beginPull()
        pulling = run
        let monitor = run.monitor
        let outcome = try await watchPull(run)
        run.configuration?.remove()
        try Task.checkCancellation()
        guard outcome.succeeded else {
            pulling = nil
            throw await pullFailure(outcome, run)
        }
        let pulled = monitor.finish()
        try await tell(
            .pullingImage,
            pulled.layersTotal == 0 || monitor.upToDate
                ? "\(request.image) is up to date"
                : "Pulled \(request.image) (\(byteText(pulled.bytesTotal)))",
            fraction: 1,
            detail: pulled.layersTotal == 0 ? nil : pulled.detail(rate: nil, left: nil)
        )
    }

    private func pullFailure(_ outcome: CommandOutcome, _ run: PullRun) async -> StageFailure {
        var failure = failure(outcome, of: run.command)
        // The engine says the same where it went away itself as where a layer broke off, which it
        // then has asked for again and again.
        if failure.code == .dockerUnavailable, run.monitor.hasRetried,
            await look(.serverVersion()).succeeded
        {
            failure = StageFailure(
                .imageCorrupt,
                "A layer of \(request.image) breaks off, however often the engine asks for it.",
                hint:
                    "Push the image again, or see what stands between the registry and the engine.",
                exitCode: failure.exitCode
            )
        }
        failure.outputTail = Array(run.monitor.plainLines.suffix(20))
        return failure
    }

    private func registryConfiguration() throws -> PrivateConfiguration? {
        guard let auth = request.registryAuth else {
            guard resumePoint?.hadCredentials == true else { return nil }
            throw StageFailure(
                .interrupted,
                "The server stopped before the image was pulled; credentials for a registry are"
                    + " not kept.",
                hint: "Deploy again; what ran before is still running."
            )
        }
        do {
            return try privateFiles.configuration(
                auth: auth,
                image: request.image,
                base: runner.configuration
            )
        } catch {
            throw StageFailure(
                .internal,
                "The registry credentials could not be laid out for the pull: \(error)",
                hint: "Look at the disk that holds the server's data directory."
            )
        }
    }

    /// Tells the pull's progress until it ends, and ends it when nothing moves any more.
    private func watchPull(_ run: PullRun) async throws -> CommandOutcome {
        let image = request.image
        return try await withThrowingTaskGroup(of: CommandOutcome?.self) { group in
            group.addTask {
                await run.task.joined
            }
            group.addTask { [self] in
                try await tellPull(run.monitor)
                return nil
            }
            group.addTask { [self] in
                await askForSizes(image, run.monitor, run.configuration?.environment ?? [:])
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let outcome = ended { return outcome }
            }
            throw CancellationError()
        }
    }

    /// The sizes of all layers, asked for once the engine has begun to pull any: the engine itself
    /// tells a layer's size only when it starts on it.
    private func askForSizes(
        _ image: String,
        _ monitor: PullMonitor,
        _ environment: [String: String]
    ) async {
        guard await monitor.layersSeen() else { return }
        var reference = image
        // A list of manifests leads to the one for the platform, and no further.
        for _ in 0..<2 {
            var command = DockerCommand.manifestInspect(image: reference)
            command.tag = id.text
            command.environment.merge(environment) { _, new in new }
            let outcome = await runner.run(command)
            guard outcome.succeeded else { return monitor.sizesUnknown() }
            switch Manifest.decode(outcome.output) {
            case .image(let layers): return monitor.setManifest(layers)
            case .list(let list):
                let platform =
                    request.platform
                    ?? engine.platform.map {
                        "\($0.os)/\($0.architecture)"
                    }
                guard let digest = list.digest(for: platform ?? "linux/amd64") else {
                    return monitor.sizesUnknown()
                }
                reference = ImageReference.withDigest(image, digest)
            case nil: return monitor.sizesUnknown()
            }
        }
    }

    private func pullMessage(_ snapshot: PullSnapshot) -> String {
        if let retrying = snapshot.retrying { return "Pulling \(request.image): \(retrying)" }
        guard snapshot.bytesDone < snapshot.bytesTotal else {
            return "Extracting \(request.image)"
                + " (\(snapshot.layersDone) of \(snapshot.layersTotal) layers)"
        }
        return "Pulling \(request.image)"
            + " (\(byteText(snapshot.bytesDone, of: snapshot.bytesTotal)))"
    }

    private func tellPull(_ monitor: PullMonitor) async throws {
        let watch = PullStallDetector(options: options)
        let throttle = ProgressThrottle()
        while !Task.isCancelled {
            try await throttle.pause()
            switch watch.look(monitor.snapshot, isWorthTelling: monitor.readyToTell) {
            case .nothingNew: continue
            case .stalled: throw pullStalled(monitor)
            case .moved(let snapshot, let detail):
                try await tell(
                    .pullingImage,
                    pullMessage(snapshot),
                    // The last step is the pull's own end.
                    fraction: min(snapshot.fraction, 0.99),
                    detail: detail
                )
            }
        }
    }

    private func pullStalled(_ monitor: PullMonitor) -> StageFailure {
        StageFailure(
            .stalled,
            "The pull has not moved for \(options.stallSeconds) s.",
            hint: "See whether the registry and the network answer, then deploy again.",
            outputTail: Array(monitor.plainLines.suffix(20))
        )
    }
}

extension PullSnapshot {
    /// The snapshot as an event's `detail`.
    func detail(rate: Int64?, left: Int64?) -> JSONValue {
        var members = [
            JSONMember("bytes_done", .integer(bytesDone)),
            JSONMember("bytes_total", .integer(bytesTotal)),
        ]
        if let rate { members.append(JSONMember("bytes_per_second", .integer(rate))) }
        if let left { members.append(JSONMember("eta_seconds", .integer(left))) }
        // Downloading and extracting together; one place.
        members.append(JSONMember("percent", .number((fraction * 1000).rounded() / 10)))
        members.append(JSONMember("layers_done", .integer(layersDone)))
        members.append(JSONMember("layers_total", .integer(layersTotal)))
        return .object(members)
    }
}

/// A pull that has been started.
struct PullRun: Sendable {
    let command: DockerCommand
    /// Holds the request's credentials; removed when the pull has ended.
    let configuration: PrivateConfiguration?
    let monitor: PullMonitor
    let task: Task<CommandOutcome, Never>
}
