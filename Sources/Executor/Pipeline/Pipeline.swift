import Deployments
import Engine
import Journal
import Probing

/// One deployment from validation to its final event.
///
/// The stages are methods in `Pipeline+*.swift`, called in order by `run`. What they make in the
/// engine is noted here, so that `undo` can take it back.
actor Pipeline {
    let id: DeploymentID
    let tenant: String
    private(set) var request: DeploymentRequest
    let options: ExecutorOptions
    let journal: any Journal
    let recorder: ProgressRecorder
    private(set) var redactor: Redactor
    let control: CancellationGate
    let privateFiles: PrivateFiles
    /// The engine, for this deployment's work.
    private(set) var engine: any Engine
    /// What is known of it.
    let cache: EngineCache
    /// What a server before this one left of the deployment; nil for a new one.
    let resumePoint: ResumePoint?
    /// Whether what it left has been looked for.
    var hasLooked = false

    let notify: @Sendable (ContainerNotice) -> Void

    /// The container that serves under the name now and is to be replaced.
    var previous: Container?
    /// Whether the journal alone says that a container of ours has the name.
    var isPreviousAssumed = false
    var previousStopped = false
    /// What the engine runs by itself; nil if it does not tell.
    var enginePlatform: EnginePlatform?
    /// Whether the engine was there for this deployment.
    var engineHasAnswered = false
    /// Whether it has been away since.
    var engineWasAway = false
    /// Whether the engine has been asked for a container.
    var createAttempted = false
    var containerID: String?
    /// The name that the container has now.
    var containerName: String?
    /// Whether the container has been started.
    var started = false
    var image: Image?
    var published: [PublishedPort] = []
    /// Why a port is not healthy yet, by name.
    var probeAnswers: [String: String] = [:]
    /// Whether a probe hints that the container has ended.
    var containerSuspect = false

    // Work that is begun before its stage is told. Each is awaited in its stage, or by `fail`, and
    // holds up no stage before its own.
    var pulling: PullRun?
    var creating: Task<Void, any Error>?
    /// The image as it is here before the pull.
    var present: Task<Image?, Never>?
    /// What the pull has brought, or found.
    var pulled: PulledImage?
    /// The reading of a small folder while the container is started.
    var reading: (input: ArchiveInput, task: Task<Void, Never>)?
    var copying: CopyRun?
    /// The image of which the container is being created while it is pulled.
    var imageAhead: Image?
    /// Whether the container that there is must be made anew, of another image.
    var isContainerStale = false
    /// Whether the stage in which the container is created has been told.
    var isCreationDue = false
    /// When the creation of the container began and ended.
    var creationMoments: (start: EngineCache.PullMoment, end: EngineCache.PullMoment)?
    var result: DeploymentResult

    init(
        id: DeploymentID,
        tenant: String,
        request: DeploymentRequest,
        options: ExecutorOptions,
        engine: any Engine,
        journal: any Journal,
        recorder: ProgressRecorder,
        redactor: Redactor,
        control: CancellationGate,
        cache: EngineCache,
        resumePoint: ResumePoint? = nil,
        notify: @escaping @Sendable (ContainerNotice) -> Void
    ) {
        self.id = id
        self.tenant = tenant
        self.request = request
        self.options = options
        self.journal = journal
        self.recorder = recorder
        self.redactor = redactor
        self.control = control
        self.cache = cache
        self.engine = engine.working(on: Self.work(id, request.image, options, redactor))
        self.resumePoint = resumePoint
        self.notify = notify
        createAttempted = resumePoint != nil
        privateFiles = PrivateFiles(folder: options.privateFolder, id: id)
        result = DeploymentResult(
            success: false,
            message: "",
            containerName: request.containerName,
            image: request.image
        )
    }

    /// Runs the deployment; returns once its final event is in the journal.
    func run() async {
        cache.begin(with: request.image)
        defer { cache.end(with: request.image) }
        do {
            try await stages()
            result.success = true
            result.message = "Deployment completed successfully"
            result.durations = await recorder.durationsSoFar
            await recorder.finish(
                .completed,
                "Deployment completed",
                outcome: .init(result: result)
            )
        } catch {
            await fail(error)
        }
    }

    private func stages() async throws {
        // Read while the image is pulled; awaited by `prepare`, and here where that is not reached.
        let (folder, options) = (request.folder, options)
        let collecting = Task {
            await options.roots.collect(folder, stall: options.stallTimeout)
        }
        do {
            if let resumePoint { try await resume(from: resumePoint) }
            if containerID == nil { try await beginAndPull() }
            let source = isDone(.copyingFiles) ? nil : try await prepare(collecting)
            try await createAndFill(source)
            try await waitForHealth()
            try await cutOver()
        } catch {
            collecting.cancel()
            _ = await collecting.value
            throw error
        }
    }

    private func beginAndPull() async throws {
        if request.pull == .always, !isDone(.pullingImage) {
            pulling = try beginPull()
            if resumePoint == nil, cache.image(for: request) == nil {
                let (engine, image) = (engine, request.image)
                // Where it cannot be looked at, it is when the pull has ended.
                present = Task { try? await engine.image(image) }
            }
        }
        try await validate()
        createFromPresent()
        try await pull()
    }

    private func createAndFill(_ source: SourceFolder?) async throws {
        switch request.copy {
        case .afterStart:
            try await tell(.startingContainer, "Creating container \(request.containerName)")
            try await finishCreating()
            try await start(thenCopying: source)
            if let source { try await copy(source) }
        case .beforeStart:
            try await tell(.copyingFiles, "Creating container \(request.containerName)")
            try await finishCreating()
            if let source { try await copy(source) }
            try await tell(.startingContainer, "Starting container \(request.containerName)")
            try await start()
        }
    }

    /// Whether the work of a stage was done by a server before this one, and still stands.
    func isDone(_ stage: Stage) -> Bool {
        guard let resumePoint else { return false }
        let order = Stage.pipeline(request.copy)
        guard let told = order.firstIndex(of: resumePoint.stage),
            let asked = order.firstIndex(of: stage)
        else { return false }
        // What went into a container is lost with it.
        return asked < told && (stage != .copyingFiles || containerID != nil)
    }

    /// Takes back the environment's values, which a server before this one was given.
    func recover(values: [String: String]) async {
        request.environmentValues = values
        redactor = Redactor(values: Array(values.values))
        engine = engine.working(on: Self.work(id, request.image, options, redactor))
        await recorder.mask(redactor)
    }

    private static func work(
        _ id: DeploymentID,
        _ image: String,
        _ options: ExecutorOptions,
        _ redactor: Redactor
    ) -> EngineWork {
        EngineWork(
            tag: id.text,
            image: image,
            privateFolder: PrivateFiles(folder: options.privateFolder, id: id).configurationFolder,
            mask: { redactor.redact(lines: $0) }
        )
    }

    /// Ends what was begun before its stage, so that nothing runs on while it is undone.
    private func endEarlyWork() async {
        pulling?.task.cancel()
        reading?.task.cancel()
        copying?.task.cancel()
        creating?.cancel()
        present?.cancel()
        _ = await pulling?.task.value
        await reading?.task.value
        _ = await copying?.task.value
        _ = await creating?.result
        _ = await present?.value
    }

    private func fail(_ error: any Error) async {
        await endEarlyWork()
        // Everything stays as it is, for the server that comes after this one.
        if case .suspended = control.reason { return }
        var failure =
            switch error {
            case let failure as StageFailure: failure
            case let error as JournalError: StageFailure(error)
            default:
                StageFailure(
                    .internal,
                    "Something went wrong inside the server: \(error)",
                    hint: "Look at the server's log."
                )
            }
        var final = Stage.error
        if let reason = control.reason {
            failure = reason.failure
            if case .cancelled = reason { final = .cancelled }
        }
        let stage = await recorder.stage
        result.durations = await recorder.durationsSoFar
        let undo = await undo()
        let message = redactor.redact(failure.message)
        let prefix = final == .cancelled ? "Deployment cancelled" : "Deployment failed: \(message)"
        result.success = false
        result.message = prefix
        await recorder.finish(
            final,
            prefix,
            outcome: .init(
                result: result,
                failure: Failure(
                    code: failure.code,
                    stage: stage,
                    message: message,
                    hint: redactor.redact(failure.hint),
                    exitCode: failure.exitCode,
                    outputTail: redactor.redact(lines: failure.outputTail),
                    containerLogTail: redactor.redact(lines: failure.containerLogTail.lines),
                    containerLogNote: failure.containerLogTail.note.map { redactor.redact($0) },
                    undone: undo.undone,
                    left: undo.left
                )
            )
        )
    }

    /// Tells an event of a stage; throws when the deployment is to end.
    // Inlined, its typed errors crash the compiler's optimizer (Swift 6.3).
    @inline(never)
    func tell(
        _ stage: Stage,
        _ message: String,
        fraction: Double = 0,
        detail: JSONValue? = nil,
        durable: Bool = false
    ) async throws {
        try Task.checkCancellation()
        try await recorder.tell(
            stage,
            message,
            fraction: fraction,
            detail: detail,
            durable: durable
        )
    }
}
