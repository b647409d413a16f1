import Deployments
import Engine

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
        cache.keep(image, for: request)
        result.imageID = image.id
        result.imageDigest = image.digest(for: request.image)
        try checkPlatform(image)
    }

    /// The image as it is here; nil if it is not.
    func localImageIfAny() async throws -> Image? {
        let name = request.image
        let answer = try await attempt { engine throws(EngineFailure) in
            try await engine.image(name)
        }
        if case .failure(let failure) = answer, failure.isMissing { return nil }
        return try answer.getOrFail()
    }

    private func localImage() async throws -> Image {
        let name = request.image
        return try await perform { engine throws(EngineFailure) in try await engine.image(name) }
    }

    /// An engine pulls an image of another platform without a word when it is the only one.
    func checkPlatform(_ image: Image) throws {
        let wanted: [String]
        if let platform = request.platform {
            wanted = platform.split(separator: "/").map(String.init)
        } else if let own = enginePlatform {
            wanted = [own.os, own.architecture]
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
        let isUpToDate = pulled?.isUpToDate == true
        // Another deployment's pull may have brought the newer one since it was looked at.
        if let imageAhead, isUpToDate, imageAhead.isKnown(as: pulled?.digest) {
            image = imageAhead
            return
        }
        let local = try await localImage()
        image = local
        // One that was looked at after the pull says nothing of the one the container is made of.
        isContainerStale = !isUpToDate || imageAhead?.id != local.id
    }

    /// Starts the pull itself.
    func beginPull() throws -> PullRun {
        if request.registryAuth == nil, resumePoint?.hadCredentials == true {
            throw StageFailure(
                .interrupted,
                "The server stopped before the image was pulled; credentials for a registry are"
                    + " not kept.",
                hint: "Deploy again; what ran before is still running."
            )
        }
        let (engine, cache, request) = (engine, cache, request)
        let report = PullReport()
        let number = cache.beginPull(of: request.image)
        let task = Task<Result<PulledImage, EngineFailure>, Never> {
            var isUpToDate = false
            defer { cache.endPull(number, of: request.image, mayHaveChanged: !isUpToDate) }
            do throws(EngineFailure) {
                let pulled = try await engine.pull(
                    request.image,
                    platform: request.platform,
                    credentials: request.registryAuth,
                    report: report
                )
                isUpToDate = pulled.isUpToDate
                return .success(pulled)
            } catch {
                return .failure(error)
            }
        }
        return PullRun(report: report, task: task)
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
        let outcome = try await watchPull(run)
        try Task.checkCancellation()
        if case .failure = outcome { pulling = nil }
        let pulled = try outcome.getOrFail()
        self.pulled = pulled
        let snapshot = pulled.snapshot
        try await tell(
            .pullingImage,
            snapshot.layersTotal == 0 || pulled.isUpToDate
                ? "\(request.image) is up to date"
                : "Pulled \(request.image) (\(byteText(snapshot.bytesTotal)))",
            fraction: 1,
            detail: snapshot.layersTotal == 0 ? nil : snapshot.detail(rate: nil, left: nil)
        )
    }

    /// Tells the pull's progress until it ends, and ends it when nothing moves any more.
    private func watchPull(_ run: PullRun) async throws -> Result<PulledImage, EngineFailure> {
        try await withThrowingTaskGroup(of: Result<PulledImage, EngineFailure>?.self) { group in
            group.addTask {
                await run.task.joined
            }
            group.addTask { [self] in
                try await tellPull(run.report)
                return nil
            }
            defer { group.cancelAll() }
            while let ended = try await group.next() {
                if let outcome = ended { return outcome }
            }
            throw CancellationError()
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

    private func tellPull(_ report: PullReport) async throws {
        let watch = PullStallDetector(options: options)
        let throttle = ProgressThrottle()
        while !Task.isCancelled {
            try await throttle.pause()
            let state = report.state
            switch watch.look(state.snapshot, isWorthTelling: state.isSized) {
            case .nothingNew: continue
            case .stalled: throw pullStalled(state)
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

    private func pullStalled(_ state: PullReport.State) -> StageFailure {
        StageFailure(
            .stalled,
            "The pull has not moved for \(options.stallSeconds) s.",
            hint: "See whether the registry and the network answer, then deploy again.",
            outputTail: state.lines
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
    let report: PullReport
    let task: Task<Result<PulledImage, EngineFailure>, Never>
}
