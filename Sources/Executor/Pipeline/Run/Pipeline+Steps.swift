import Deployments
import Threads

/// The state of a step that was begun.
enum StepState {
    /// The step runs, in a task of its own if it was begun ahead.
    case running(Task<Void, any Error>?)
    case done
    case failed(any Error)
}

/// Carrying out the plan.
extension Pipeline {
    /// Does the plan's steps in their order; those that may begin sooner are begun meanwhile.
    func carryOut() async throws {
        if plan.contains(.askPlatform) {
            try await tell(.validating, "Checking \(subjects)")
        }
        try await carryOut(plan.steps.filter { !$0.step.isCutOver })
        // What a server before this one has begun to undo is undone.
        if observed.isUndoing { throw CancellationError() }
        guard control.commit() else { throw CancellationError() }
        observed.isCuttingOver = true
        // A cancellation must not break off the cut-over halfway; a failure may still undo it. The task is
        // awaited right here.
        try await Task { try await carryOut(plan.steps.filter(\.step.isCutOver)) }.value
    }

    /// What is looked at before anything is done.
    private var subjects: String {
        request.folder == nil
            ? "the engine and the name" : "the engine, the folder and the name"
    }

    private func carryOut(_ steps: [PlannedStep]) async throws {
        for planned in steps where planned.isAwaited {
            beginAhead()
            if holds(planned.given) {
                try await attend(planned.step)
            } else {
                states[planned.step] = .done
            }
        }
    }

    /// Begins the steps that may begin ahead of their stages.
    private func beginAhead() {
        guard !isEnding else { return }
        for planned in plan.steps where states[planned.step] == nil && mayBeginAhead(planned) {
            // Its stage awaits it, and otherwise `endSteps`, which cancels it.
            states[planned.step] = .running(Task { try await run(planned.step) })
        }
    }

    private func mayBeginAhead(_ planned: PlannedStep) -> Bool {
        guard planned.isAhead, holds(planned.given) else { return false }
        if planned.after.allSatisfy(isDone) { return true }
        guard let assumption = planned.assumption else { return false }
        return assumption.after.allSatisfy(isDone) && holds(assumption.condition)
    }

    private func holds(_ condition: Condition?) -> Bool {
        condition.map { observed.holds($0, for: request) } ?? true
    }

    /// Whether a step has done its work. A step that is not in the plan counts as done.
    func isDone(_ step: Step) -> Bool {
        if case .done = states[step] { true } else { states[step] == nil && !plan.contains(step) }
    }

    func isRunning(_ step: Step) -> Bool {
        if case .running = states[step] { true } else { false }
    }

    /// Does a step's work and keeps how it ended.
    private func run(_ step: Step) async throws {
        begun.insert(step)
        do {
            try await work(on: step)
            states[step] = .done
        } catch {
            states[step] = .failed(error)
        }
        waiting.removeValue(forKey: step)?.finish()
        if case .failed(let error) = states[step] { throw error }
        beginAhead()
    }

    /// Waits until a step's work is done. If it was not begun before, it begins now.
    func finish(_ step: Step) async throws {
        switch states[step] {
        case nil:
            states[step] = .running(nil)
            try await run(step)
        case .running(let task): try await task?.joined
        case .failed(let error): throw error
        case .done: return
        }
    }

    /// Waits until a step's work is done, and tells of it meanwhile. An error of the telling ends the work.
    func finish(_ step: Step, telling tell: @escaping @Sendable () async throws -> Void)
        async throws
    {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [self] in
                try await finish(step)
                return true
            }
            group.addTask {
                try await tell()
                return false
            }
            defer { group.cancelAll() }
            while let isDone = try await group.next() {
                if isDone { return }
            }
            throw CancellationError()
        }
    }

    /// Waits until a step that was begun has ended; false if the time is over first.
    func hasEnded(_ step: Step, within limit: Duration) async -> Bool {
        guard isRunning(step) else { return true }
        let (stream, end) = AsyncStream.makeStream(of: Never.self)
        waiting[step] = end
        let alarm = Alarm(after: limit) { end.finish() }
        for await _ in stream {}
        alarm.cancel()
        return !isRunning(step)
    }

    /// Lets a step that has ended be done again, because its result does not hold.
    func forget(_ step: Step) {
        guard !isRunning(step) else { return }
        states[step] = nil
        beginAhead()
    }

    /// Cancels a step for which nobody waits any more.
    func abandon(_ step: Step) {
        if case .running(let task) = states[step] { task?.cancel() }
    }

    /// Ends all that still goes on, and begins nothing more. When it returns nothing runs on, neither while
    /// the deployment is undone nor after its final event.
    func endSteps() async {
        isEnding = true
        let tasks = states.values.compactMap { state in
            if case .running(let task) = state { task } else { nil }
        }
        for task in tasks { task.cancel() }
        for task in tasks { _ = await task.result }
    }

    /// Tells of a step in its stage, and waits for it.
    private func attend(_ step: Step) async throws {
        switch step {
        case .openFolder: try await finish(step)
        case .findImage: try await attendSearch()
        case .pullImage: try await attendPull()
        case .fetchRepository: try await attendFetch()
        case .collectContext: try await attendContext()
        case .buildImage: try await attendBuild()
        case .collectFiles: try await attendCollection()
        case .createContainer: try await attendCreation()
        case .makeWay:
            if request.copy == .beforeStart, plan.stage(of: step) == .startingContainer {
                try await tellStart(0)
            }
            try await finish(step)
        case .runRelease: try await attendRelease()
        case .startContainer:
            try await tellStart(0.5)
            try await finish(step)
        case .inspectContainer:
            try await finish(step)
            try await tellPorts()
        case .copyFiles: try await attendCopy()
        case .setAside:
            try await tell(.healthCheck, "Replacing the previous container", fraction: 0.95)
            try await finish(step)
        default: try await finish(step)
        }
    }

    /// Does a step's own work. A step that may begin ahead of its stage tells nothing.
    private func work(on step: Step) async throws {
        switch step {
        case .removeLeftovers: try await removeLeftovers()
        case .openFolder: try await openFolder()
        case .askPlatform: try await askPlatform()
        case .findNetwork: try await findNetworks()
        case .findVolumes: try await findVolumes()
        case .findRoom: try await findRoom()
        case .findHolder: try await findHolder()
        case .inspectPresentImage: await inspectPresentImage()
        case .findImage: try await findImage()
        case .pullImage: try await pullImage()
        case .identifyImage: try await identifyImage()
        case .fetchRepository: try await fetchRepository()
        case .collectContext: try await collectContext()
        case .buildImage: try await buildImage()
        case .collectFiles: try await collectFiles()
        case .createContainer: try await haveContainer()
        case .makeWay: try await makeWay()
        case .runRelease: try await runRelease()
        case .startContainer: try await startContainer()
        case .inspectContainer: try await inspectStarted()
        case .readFiles: await readFiles()
        case .copyFiles: try await copyFiles()
        case .awaitHealth: try await awaitHealth()
        case .monitorStability: try await monitorStability()
        case .setRestartPolicy: try await setRestartPolicy()
        case .setAside: try await setAside()
        case .takeName: try await takeName()
        case .confirmRunning: try await ensureRunning()
        case .stopPrevious: try await stopPrevious()
        case .removePrevious: await removePrevious()
        case .removeImages: await removeImages()
        }
    }
}
