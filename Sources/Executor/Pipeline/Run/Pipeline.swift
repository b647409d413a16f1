import Deployments
import Engine
import Journal
import Probing
import Threads

/// One deployment from validation to its final event: it carries out a `Plan`.
///
/// `Pipeline+Steps.swift` carries out the plan and has the table of what each step does; the other files have
/// the steps, by stage. Their results are kept in `observed`.
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
    /// What is known about the engine and its images.
    let cache: EngineCache
    /// What a server before this one left of the deployment; nil for a new one.
    let resumePoint: ResumePoint?
    let notify: @Sendable (ContainerNotice) -> Void

    var observed: Observed
    private(set) var plan: Plan
    /// The steps that were begun.
    var states: [Step: StepState] = [:]
    /// The steps of which something may be left to undo.
    var begun: Set<Step> = []
    /// Whether nothing may be begun any more.
    var isEnding = false
    /// Whether an event has already said that the server was restarted.
    var hasToldRestart = false
    /// The last trouble of a deployment that must go on, so that the same trouble is told once.
    private var lastTrouble: String?
    /// The continuations that are finished when a step ends.
    var waiting: [Step: AsyncStream<Never>.Continuation] = [:]

    /// Whether the engine has answered a question of this deployment.
    var engineHasAnswered = false
    /// Whether an event has said that the engine is away, and it still is.
    var hasToldAbsence = false
    /// How far the pull has come.
    var pullReport = PullReport()
    /// When the image that is here was looked at.
    var presentMoment: EngineCache.PullMoment?
    /// When the container's image was looked at, and when the container was created.
    var creationMoments: (start: EngineCache.PullMoment, end: EngineCache.PullMoment)?
    /// How far the fetch has come.
    var fetchProgress: GitProgress?
    /// How far the build has come, and what its steps write.
    var buildReport = BuildReport()
    var buildOutput: ProgramOutput?
    /// The unnamed images that were made by builds that were broken off.
    var brokenOff: [String] = []
    /// Whether the build has come to its end, and the engine does nothing more for it.
    var isBuildOver = false
    var published: [PublishedPort] = []
    /// What the release command writes.
    var releaseOutput: ProgramOutput?
    /// Why a port is not healthy yet, by name.
    var probeAnswers: [String: String] = [:]
    /// Whether a probe hints that the container has ended.
    var containerSuspect = false
    /// Given if a probed port becomes healthy or refuses a connection.
    let portChange = AsyncSignal()
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
        observed = Observed(name: request.containerName)
        plan = Plan(for: request, given: observed)
        privateFiles = PrivateFiles(folder: options.privateFolder, id: id)
        result = Self.emptyResult(request, resumePoint)
    }

    private static func emptyResult(
        _ request: DeploymentRequest,
        _ resumePoint: ResumePoint?
    ) -> DeploymentResult {
        DeploymentResult(
            success: false,
            message: "",
            containerName: request.containerName,
            image: request.image,
            source: request.source?.kept(at: resumePoint?.intents.fetchedCommit)
        )
    }

    /// Runs the deployment; returns once its final event is in the journal.
    func run() async {
        cache.begin(with: request.image)
        defer { cache.end(with: request.image) }
        await runToEnd()
        guard case .git = request.source else { return }
        // The server that goes on with the deployment removes its files itself.
        if case .suspended = control.reason { return }
        await options.repositories.release(id)
    }

    private func runToEnd() async {
        while true {
            do {
                return try await complete()
            } catch {
                guard mustGoOn(after: error) else { return await fail(error) }
                await startOver(after: error)
            }
        }
    }

    private func complete() async throws {
        try await observe()
        plan = Plan(for: request, given: observed)
        try await carryOut()
        // A step that no stage waits for may still be going on. Nothing goes on after the final event.
        await endSteps()
        result.success = true
        result.message = "Deployment completed successfully"
        result.durations = await recorder.durationsSoFar
        await recorder.finish(.completed, "Deployment completed", outcome: .init(result: result))
    }

    /// Whether the deployment must go on: its container already serves in place of another, or cannot be
    /// asked for. A later error does not fail it.
    private func mustGoOn(after error: any Error) -> Bool {
        guard resumePoint?.intents.servingContainer != nil, control.reason == nil,
            (error as? JournalError)?.isLoss != true
        else { return false }
        return observed.isTakingOver || observed.leftovers == nil
    }

    /// Waits a moment and forgets what was observed.
    private func startOver(after error: any Error) async {
        await endSteps()
        let message = (error as? StageFailure)?.message ?? "\(error)"
        if message != lastTrouble {
            // If the journal does not take it, the deployment goes on all the same.
            try? await recorder.note(redactor.redact("Trying again: \(message)"))
            lastTrouble = message
        }
        // If the pause is cancelled, the server is ending; the next look shows that.
        try? await Task.pause(for: options.repeatPause)
        control.reopen()
        (states, isEnding) = ([:], false)
        observed = Observed(name: request.containerName)
        result = Self.emptyResult(request, resumePoint)
    }

    /// Puts back the confidential values that a server before this one was given.
    func recover(_ values: ConfidentialValues) async {
        request.confidentialValues = values
        redactor = Redactor(values: values.all)
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

    private func fail(_ error: any Error) async {
        await endSteps()
        // Everything stays as it is for the server that goes on with the deployment, or has done so already.
        if case .suspended = control.reason { return }
        if (error as? JournalError)?.isLoss == true { return }
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
        let end = Intents.End(
            stage: final,
            failure: Failure(
                code: failure.code,
                stage: await recorder.stage,
                message: redactor.redact(failure.message),
                hint: redactor.redact(failure.hint),
                exitCode: failure.exitCode,
                outputTail: redactor.redact(lines: failure.outputTail),
                containerLogTail: redactor.redact(lines: failure.containerLogTail.lines),
                containerLogNote: failure.containerLogTail.note.map { redactor.redact($0) }
            )
        )
        await undo(ending: resumePoint?.intents.undoing ?? end)
    }

    /// Undoes what was done, and tells the end.
    private func undo(ending end: Intents.End) async {
        result.durations = await recorder.durationsSoFar
        if !Plan.undo(of: begun).isEmpty {
            do throws(JournalError) {
                try await journal.intend(.undoing(end.stage, end.failure), by: recorder.driver)
            } catch {
                if error.isLoss { return }
                // Even if the journal does not take it, the deployment is undone.
            }
        }
        let undo = await undo()
        var failure = end.failure
        failure.undone = undo.undone
        failure.left = undo.left
        result.success = false
        result.message =
            end.stage == .cancelled
            ? "Deployment cancelled" : "Deployment failed: \(failure.message)"
        await recorder.finish(
            end.stage,
            result.message,
            outcome: .init(result: result, failure: failure)
        )
    }

    /// Tells an event of a stage; throws if the deployment is to end.
    // Inlined, its typed errors crash the compiler's optimizer (Swift 6.3).
    @inline(never)
    func tell(
        _ stage: Stage,
        _ message: String,
        fraction: Double = 0,
        detail: JSONValue? = nil,
        intent: Intent? = nil
    ) async throws {
        try Task.checkCancellation()
        try await recorder.tell(
            stage,
            message,
            fraction: fraction,
            detail: detail,
            intent: intent
        )
    }
}
