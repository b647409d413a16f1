import Deployments
import Engine

extension Pipeline {
    /// Tells whether the image is here already, if the request's policy lets that do.
    func attendSearch() async throws {
        try await tell(.pullingImage, "Looking for \(request.image)")
        try await finish(.findImage)
        guard observed.image != nil else { return }
        try await tell(.pullingImage, "\(request.image) is already here", fraction: 1)
    }

    /// Takes the image that is here; throws if there is none and none is to be pulled.
    func findImage() async throws {
        let image = try await request.pull == .never ? localImage() : localImageIfAny()
        guard let image else { return }
        try accept(image)
        // A server before this one may have ended before it could tell the journal.
        if request.build != nil { try await claim(image) }
    }

    /// Looks at the image before the pull. If that fails, it is looked at when the pull has ended.
    func inspectPresentImage() async {
        let moment = cache.moment(of: request.image)
        observed.presentImage = try? await engine.image(request.image)
        presentMoment = moment
    }

    /// Pulls the image once more, because it has gone since it was pulled.
    func pullAgain() async throws {
        try await recorder.note("\(request.image) has gone meanwhile; pulling it once more")
        forget(.pullImage)
        try await attendPull()
        try accept(try await localImage())
    }

    /// Takes the image for the deployment's; throws if it cannot run here.
    func accept(_ image: Image) throws {
        observed.image = image
        // No other deployment asks for one that was built.
        if request.build == nil { cache.keep(image, for: request) }
        result.imageID = image.id
        result.imageDigest = image.digest(for: request.image)
        try checkPlatform(image)
    }

    /// The image as it is here; nil if it is not.
    func localImageIfAny() async throws -> Image? {
        let name = request.image
        let answer = try await askAgain { engine throws(EngineFailure) in
            try await engine.image(name)
        }
        if case .failure(let failure) = answer, failure.isMissing { return nil }
        return try answer.getOrFail()
    }

    private func localImage() async throws -> Image {
        let name = request.image
        return try await ask { engine throws(EngineFailure) in try await engine.image(name) }
    }

    /// Throws if the image cannot run here. If a registry has an image for one other platform only, an engine
    /// pulls it without a word.
    private func checkPlatform(_ image: Image) throws {
        guard let (actual, wanted) = observed.mismatch(of: image, wanted: request.platform) else {
            return
        }
        throw StageFailure(
            .platformMismatch,
            "The image is for \(actual), not for \(wanted).",
            hint:
                "Use an image built for \(wanted), or, if the engine can emulate it, set platform to"
                + " \(actual)."
        )
    }

    /// Finds out what has been pulled. If a container was created of an older image meanwhile, it is thrown
    /// away.
    func identifyImage() async throws {
        let isUpToDate = observed.pulled?.isUpToDate == true
        // Another deployment may have pulled a newer image since this one was looked at. And one digest may
        // stand for the images of several platforms.
        if isUpToDate, let present = observed.presentImage,
            present.isKnown(as: observed.pulled?.digest),
            observed.holds(.imageIsHere, for: request)
        {
            return try accept(present)
        }
        let image = try await localImage()
        // An image that was looked at after the pull need not be the one that the container is made of.
        observed.isContainerStale =
            plan.discards(.createContainer, if: .pullBringsAnother)
            && (!isUpToDate || observed.presentImage?.id != image.id)
        try accept(image)
        if !isUpToDate { try await claim(image) }
        if observed.isContainerStale { forget(.createContainer) }
    }

    func pullImage() async throws {
        let request = request
        if request.registryAuth == nil, resumePoint?.hadCredentials == true {
            throw StageFailure(
                .interrupted,
                "The server stopped before the image was pulled; credentials for a registry are"
                    + " not kept.",
                hint: "Deploy again; what ran before is still running."
            )
        }
        let report = PullReport()
        pullReport = report
        let number = cache.beginPull(of: request.image)
        var isUpToDate = false
        defer { cache.endPull(number, of: request.image, mayHaveChanged: !isUpToDate) }
        let pulled = try await perform { engine throws(EngineFailure) in
            try await engine.pull(
                request.image,
                platform: request.platform,
                credentials: request.registryAuth,
                report: report
            )
        }
        isUpToDate = pulled.isUpToDate
        observed.pulled = pulled
    }

    /// How often a pull is begun again if the engine has broken it off by going away, and how often a
    /// container is made again if others have changed its image.
    static let repeats = 2

    /// Tells how far the pull has come, in its stage, and begins it again if the engine goes away in the
    /// middle.
    func attendPull() async throws {
        try await tell(.pullingImage, "Pulling \(request.image)")
        for _ in 0..<Self.repeats {
            do {
                return try await watchPull()
            } catch let failure as StageFailure where failure.code == .dockerUnavailable {
                guard await engineComesBack() else { throw failure }
                try await tell(.pullingImage, "The engine is back; pulling \(request.image) again")
                forget(.pullImage)
            }
        }
        try await watchPull()
    }

    /// Tells the pull's progress until it ends, and ends it if nothing moves any more.
    private func watchPull() async throws {
        try await finish(.pullImage) { [self] in try await tellPull() }
        guard let pulled = observed.pulled else { return }
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

    private func pullMessage(_ snapshot: PullSnapshot) -> String {
        if let retrying = snapshot.retrying { return "Pulling \(request.image): \(retrying)" }
        guard snapshot.bytesDone < snapshot.bytesTotal else {
            return "Extracting \(request.image)"
                + " (\(snapshot.layersDone) of \(snapshot.layersTotal) layers)"
        }
        return "Pulling \(request.image)"
            + " (\(byteText(snapshot.bytesDone, of: snapshot.bytesTotal)))"
    }

    private func tellPull() async throws {
        let watch = PullStallDetector(options: options)
        let throttle = ProgressThrottle()
        while !Task.isCancelled {
            try await throttle.pause()
            let state = pullReport.state
            switch watch.assess(state.snapshot, isWorthTelling: state.isSized) {
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
        // This is the share of downloading and extracting together, with one decimal place.
        members.append(JSONMember("percent", .number((fraction * 1000).rounded() / 10)))
        members.append(JSONMember("layers_done", .integer(layersDone)))
        members.append(JSONMember("layers_total", .integer(layersTotal)))
        return .object(members)
    }
}
