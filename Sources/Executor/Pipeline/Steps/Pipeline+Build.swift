import Deployments
import Engine
import Journal
import Threads

extension Pipeline {
    /// Reads what the image is built of.
    func collectContext() async throws {
        guard let build = request.build,
            let context = try await collect(keeping: build.dockerfile)
        else { return }
        if let fault = StageFailure(building: build, of: context) { throw fault }
        observed.context = context
    }

    func attendContext() async throws {
        try await tell(
            .pullingImage,
            "Collecting the files of \(request.app)",
            fraction: observed.tree == nil ? 0 : fetchShare
        )
        try await finish(.collectContext)
    }

    // MARK: The build

    /// Has the engine build the image.
    func buildImage() async throws {
        guard let build = request.build, let context = observed.context else { return }
        if let resumePoint, Set(resumePoint.buildArgumentNames) != Set(build.arguments.keys) {
            throw StageFailure(
                .interrupted,
                "The server stopped, and the values of the build's arguments have gone.",
                hint: "Deploy again; what ran before is still running."
            )
        }
        if options.keptImages > 0 {
            // The journal is told first, because a build that is broken off may still come to its end.
            try await journal.own(image: request.image, by: recorder.driver)
        }
        let specification = BuildSpecification(
            name: request.image,
            build: build,
            platform: request.platform,
            pulls: request.pull == .always
        )
        for _ in 0..<Self.repeats {
            let outcome = try await attemptBuild(specification, of: context)
            // Another deployment may have removed a layer that this one was to go on with.
            guard case .failure(let failure) = outcome, failure.isMissing else {
                return try outcome.getOrFail()
            }
        }
        try await attemptBuild(specification, of: context).getOrFail()
    }

    private func attemptBuild(
        _ specification: BuildSpecification,
        of context: SourceFolder
    ) async throws -> Result<Void, EngineFailure> {
        let output = ProgramOutput(secrets: [])
        let report = BuildReport(confidential: request.masked) { output.add([$0]) }
        let archive = archive(of: context, .buildContext)
        brokenOff += buildReport.state.images
        (buildReport, buildOutput, observed.contextArchive) = (report, output, archive)
        isBuildOver = false
        let outcome = try await attempt { engine throws(EngineFailure) in
            try await engine.build(specification, of: archive, report: report)
        }
        isBuildOver = true
        if let broken = archive.failure {
            throw StageFailure(
                broken,
                "The files changed while they were read",
                hint: "Deploy again when nothing writes into the folder."
            )
        }
        return outcome
    }

    /// Tells the build's steps in its stage, and begins the build again if the engine goes away in the
    /// middle.
    func attendBuild() async throws {
        try await tell(.pullingImage, "Building \(request.image)", fraction: buildStart)
        for _ in 0..<Self.repeats {
            do {
                return try await watchBuild()
            } catch let failure as StageFailure where failure.code == .dockerUnavailable {
                guard await engineComesBack() else { throw failure }
                try await tell(
                    .pullingImage,
                    "The engine is back; building \(request.image) again"
                )
                forget(.buildImage)
            }
        }
        try await watchBuild()
    }

    private func watchBuild() async throws {
        try await finish(.buildImage) { [self] in try await tellBuild() }
        try await tellOutput(of: buildReport.state)
        try await tell(.pullingImage, "Built \(request.image)", fraction: 1)
    }

    /// How much of the stage is done when the build begins, and when the engine has all files.
    private var buildStart: Double { observed.tree == nil ? 0 : fetchShare + 0.05 }
    private var stepsStart: Double { buildStart + 0.1 }

    private func tellBuild() async throws {
        let throttle = ProgressThrottle()
        var told = BuildReport.State()
        var sent: Int64 = 0
        var movement = ContinuousClock.now
        while !Task.isCancelled {
            // Ten events a second at most.
            try await Task.pause(for: .milliseconds(90))
            try await throttle.pause()
            let state = buildReport.state
            let taken = observed.contextArchive?.taken ?? 0
            let total = observed.contextArchive?.byteCount ?? 0
            if taken != sent || state != told { movement = .now }
            // A step may say nothing for as long as it likes.
            if taken < total, state.step.isEmpty,
                ContinuousClock.now - movement > options.stallTimeout
            {
                throw StageFailure(
                    .stalled,
                    "The engine has not taken the files for \(options.stallSeconds) s.",
                    hint: "See whether the engine answers and its disk is not full."
                )
            }
            let hasOutput = try await tellOutput(of: state)
            if !hasOutput, state != told {
                try await tellStep(of: state, detail: nil)
            } else if taken != sent, state.step.isEmpty, taken < total {
                let share = Double(taken) / Double(max(1, total))
                try await tell(
                    .pullingImage,
                    "Sending the files (\(byteText(taken, of: total)))",
                    fraction: buildStart + 0.1 * share,
                    detail: ["bytes_done": .integer(taken), "bytes_total": .integer(total)]
                )
            }
            (told, sent) = (state, taken)
        }
    }

    /// Tells the lines that were written since the last call; false if there are none.
    @discardableResult
    private func tellOutput(of state: BuildReport.State) async throws -> Bool {
        guard let lines = buildOutput?.take(), !lines.isEmpty else { return false }
        try await tellStep(of: state, detail: ("output", .strings(lines)))
        return true
    }

    private func tellStep(
        of state: BuildReport.State,
        detail: (name: String, value: JSONValue)?
    ) async throws {
        var members = [
            JSONMember("step", .integer(Int64(state.number))),
            JSONMember("steps", .integer(Int64(state.total))),
        ]
        if let detail { members.append(JSONMember(detail.name, detail.value)) }
        let share = Double(state.done) / Double(max(1, state.total))
        let what =
            state.step.isEmpty
            ? request.image
            : "step \(state.number) of \(state.total): \(state.step)"
        try await tell(
            .pullingImage,
            "Building \(what)",
            fraction: state.step.isEmpty
                ? buildStart : stepsStart + (0.99 - stepsStart) * share,
            detail: .object(members)
        )
    }

    // MARK: Taking it back

    /// Removes the image that the deployment has built, and those that the classic builder has made on
    /// the way; gives what was removed, and what is left.
    func removeBuilt(_ cleanup: Cleanup) async -> (undone: [String], left: [String]) {
        let state = buildReport.state
        // The engine ends a step by itself when nobody waits for the build any more.
        if let container = state.container { await awaitRemoval(of: container) }
        let name = request.image
        let removed = await cleanup.attempt { engine throws(EngineFailure) in
            _ = try await engine.image(name)
            return try await engine.removeImages([name]).gone.contains(name)
        }
        var (undone, left) = ([String](), [String]())
        switch removed {
        case .done(true): undone.append("image \(name) removed")
        case .done(false), nil: left.append("image \(name)")
        case .missing:
            // The engine carries out a last copy to its end. Its image is removed with the app's older ones.
            let isLast = state.total > 0 && state.number == state.total
            let word = state.step.prefix { $0 != " " }.uppercased()
            if !isBuildOver, isLast, ["COPY", "ADD"].contains(word) || state.done == state.total {
                left.append("perhaps image \(name)")
            }
        }
        if isBuildOver, left.isEmpty {
            // An image that the journal does not forget now is missing when it is to be removed, and is
            // forgotten then.
            try? await journal.forget(images: [name])
        }
        let unnamed = await removeUnnamed(brokenOff + state.images)
        func text(_ count: Int) -> String { "\(count) unnamed image\(count == 1 ? "" : "s")" }
        if unnamed.removed > 0 { undone.append("\(text(unnamed.removed)) removed") }
        if unnamed.left > 0 { left.append(text(unnamed.left)) }
        return (undone, left)
    }

    /// How long each part of the undoing may take that the deployment's end need not wait for.
    private static let patience: Duration = .seconds(3)

    /// Removes images that have no name, the last first, because each is made of the one before; gives how
    /// many were removed, and how many are left. The ids may be anything that a step's program has written.
    private func removeUnnamed(_ ids: [String]) async -> (removed: Int, left: Int) {
        let end = ContinuousClock.now + Self.patience
        let quick = engine.working(on: EngineWork(tag: id.text, limit: .seconds(3)))
        var found: [Image] = []
        for id in ids.reversed() where ContinuousClock.now < end {
            guard let image = try? await quick.image(id) else { continue }
            if image.repoTags.isEmpty, image.repoDigests.isEmpty { found.append(image) }
        }
        var left = found.map(\.id)
        while !left.isEmpty {
            // The images before the last one are removed with it.
            let gone = (try? await engine.removeImages(left).gone) ?? []
            left.removeAll(where: gone.contains)
            guard ContinuousClock.now < end else { break }
            // The container of a step that was just begun may use one for a moment.
            if !left.isEmpty { try? await Task.pause(for: .milliseconds(100)) }  // Not cancelled.
        }
        return (found.count - left.count, left.count)
    }

    private func awaitRemoval(of container: String) async {
        let end = ContinuousClock.now + Self.patience
        let quick = engine.working(on: EngineWork(tag: id.text, limit: .seconds(3)))
        while ContinuousClock.now < end {
            do throws(EngineFailure) {
                guard try await quick.container(container) != nil else { return }
            } catch {
                return
            }
            try? await Task.pause(for: .milliseconds(100))  // Not cancelled.
        }
    }
}

extension StageFailure {
    /// The source lacks the file with the steps; nil if it is there.
    init?(building build: ImageBuild, of source: SourceFolder) {
        let path = Array(build.dockerfile.utf8)
        guard !source.entries.contains(where: { $0.path == path && $0.kind != .folder }) else {
            return nil
        }
        self.init(
            .buildFailed,
            "The source has no file \(build.dockerfile).",
            hint: "Add it, or name another one in build.dockerfile."
        )
    }

    /// The source cannot be deployed as the request wants it; nil if it can.
    init?(_ source: SourceFolder, of request: DeploymentRequest) {
        let built = request.build.flatMap { StageFailure(building: $0, of: source) }
        let copied = request.copy == .none ? nil : StageFailure(hiding: source, of: request)
        guard let fault = built ?? copied else { return nil }
        self = fault
    }
}
