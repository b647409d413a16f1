public import Deployments
public import Engine
public import Journal
import Threads

/// Accepts deployments, runs them, and ends each with exactly one final event.
public actor Executor {
    let options: ExecutorOptions
    let engine: any Engine
    let journal: any Journal
    let now: @Sendable () -> Timestamp
    private let notify: @Sendable (ContainerNotice) -> Void
    var queue: DeploymentQueue
    var accepted: [DeploymentID: Accepted] = [:]
    private let cache = EngineCache()
    private var closing = false
    private var idle: [CheckedContinuation<Void, Never>] = []
    /// The checks that are being made.
    private var checks: TenantShares
    private var tally = ExecutorStatistics()

    /// A deployment that has not ended.
    struct Accepted {
        let request: DeploymentRequest
        let tenant: String
        let redactor: Redactor
        let recorder: ProgressRecorder
        /// What a server before this one left of it; nil for a new one.
        var resumePoint: ResumePoint?
        let control = CancellationGate()
        /// Whether it stands in the journal.
        var recorded = false
        /// Whether it holds a slot.
        var ready = false
        var started = false
        /// Has lost its place in the queue to this one.
        var superseder: DeploymentID?
    }

    /// An executor that runs nothing yet. `notify` is told of containers; it must not block.
    public init(
        options: ExecutorOptions,
        engine: any Engine,
        journal: any Journal,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() },
        notify: @escaping @Sendable (ContainerNotice) -> Void = { _ in }
    ) {
        self.options = options
        self.engine = engine
        self.journal = journal
        self.now = now
        self.notify = notify
        checks = TenantShares(most: options.maxChecks, share: 1)
        queue = DeploymentQueue(slots: options.maxDeployments, capacity: options.maxQueued)
    }

    /// Whether a deployment that has not ended is within somebody's reach.
    private func isKnown(_ id: DeploymentID, within accessScope: AccessScope) -> Bool {
        guard let entry = accepted[id] else { return false }
        return accessScope.includes(tenant: entry.tenant, app: entry.request.app)
    }

    /// What the queue would say to a request now.
    private func queueCheck(_ request: DeploymentRequest, _ accessScope: AccessScope)
        -> CheckReport.Check
    {
        var queue = queue
        let (admission, superseded) = queue.admit(
            DeploymentID(),
            name: request.containerName,
            policy: request.onConflict,
            mayTakeFrom: { isKnown($0, within: accessScope) }
        )
        func name(_ id: DeploymentID) -> String {
            isKnown(id, within: accessScope) ? "deployment \(id)" : "another's deployment"
        }
        var check = CheckReport.Check(subject: .queue, message: "it would begin at once")
        switch admission {
        case .runs: break
        case .waits(.slot):
            check.message =
                "it would wait for one of \(options.maxDeployments) running deployments to end"
        case .waits(.name(let busy)): check.message = "it would wait for \(name(busy))"
        case .rejected(let busy):
            check.message = "\(name(busy)) has that container name, and on_conflict is reject"
            check.code = .nameInUse
            check.hint = "Wait for it, or set on_conflict to queue."
        case .full:
            check.message = "\(options.maxQueued) deployments wait already; no more are taken"
            check.code = .interrupted
            check.hint = "Ask again later."
        }
        if !superseded.isEmpty {
            check.message += ", in the place of \(superseded.count) that wait"
        }
        return check
    }

    /// The request with the real paths of what it mounts of the machine; throws those that may not be
    /// mounted.
    public nonisolated func locateMounts(
        of request: DeploymentRequest
    ) async throws(RequestFaults) -> DeploymentRequest {
        var (request, faults) = (request, [FieldFault]())
        for index in request.volumes.indices {
            guard case .folder(let path) = request.volumes[index].source else { continue }
            do throws(SourceRoots.FolderFault) {
                let real = try await options.bindRoots.locate(path, isLocal: engine.isLocal)
                // What the decoder would refuse could not be read back.
                guard real != "/", real.utf8.count <= 4000,
                    real.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
                else {
                    throw SourceRoots.FolderFault("leads to a place that cannot be mounted")
                }
                request.volumes[index].source = .folder(real)
            } catch {
                faults.append(FieldFault(field: "volumes[\(index)].source", message: error.message))
            }
        }
        guard faults.isEmpty else { throw RequestFaults(faults: faults) }
        return request
    }

    /// What the request would come to now. Nothing is changed, and nothing is kept.
    ///
    /// Throws if `maxChecks` are being made already: each runs docker commands, and is cheap to
    /// ask for again.
    public func check(
        _ request: DeploymentRequest,
        accessScope: AccessScope
    ) async throws(CheckError) -> CheckReport {
        guard checks.take(for: accessScope.tenant) else {
            tally.refusedChecks += 1
            throw .busy(limit: options.maxChecks)
        }
        defer { checks.give(for: accessScope.tenant) }
        let check = RequestCheck(
            request: request,
            accessScope: accessScope,
            options: options,
            engine: engine.working(on: EngineWork(image: request.image)),
            journal: journal,
            queue: queueCheck(request, accessScope)
        )
        return await check.report().masked(by: Redactor(values: request.masked))
    }

    /// Takes a deployment on. When this returns, the deployment and its first event are in the
    /// journal, and it goes on whoever watches. The key, if there is one, then stands for it.
    ///
    /// It is the tenant's whose reach it comes from, and takes no other place, in the queue or in
    /// the engine, than of deployments within the reach.
    public func submit(
        _ request: DeploymentRequest,
        accessScope: AccessScope,
        key: IdempotencyKey? = nil
    ) async throws(SubmissionError) -> DeploymentID {
        guard !closing else { throw .closing }
        let id = DeploymentID()
        var request = request.naming(imageOf: id)
        request.replaceableApps = accessScope.apps
        let (admission, superseded) = queue.admit(
            id,
            name: request.containerName,
            policy: request.onConflict,
            mayTakeFrom: { isKnown($0, within: accessScope) }
        )
        let stage: Stage
        let message: String
        switch admission {
        case .rejected(let busy):
            throw .nameBusy(isKnown(busy, within: accessScope) ? busy : nil)
        case .full:
            tally.refusedDeployments += 1
            throw .queueFull(capacity: options.maxQueued)
        case .runs:
            stage = .validating
            message = "Deploying \(request.app)"
        case .waits(let wait):
            stage = .queued
            message =
                wait == .slot
                ? "Waiting for one of \(options.maxDeployments) running deployments to end"
                : "Waiting for another deployment of \(request.containerName)"
        }
        let redactor = Redactor(values: request.masked)
        var entry = Accepted(
            request: request,
            tenant: accessScope.tenant,
            redactor: redactor,
            recorder: ProgressRecorder(
                driver: Driver(of: id),
                copyOrder: request.copy,
                journal: journal,
                redactor: redactor,
                first: stage,
                now: now
            )
        )
        entry.ready = admission == .runs
        accepted[id] = entry
        for loser in superseded { accepted[loser]?.superseder = id }
        do throws(JournalError) {
            try await record(id, entry, stage, redactor.redact(message), key)
        } catch {
            // Those whose place it would have taken wait again.
            for loser in superseded where accepted[loser]?.superseder == id {
                accepted[loser]?.superseder = nil
                queue.restore(loser, name: request.containerName)
            }
            release(id)
            throw .journal(error)
        }
        accepted[id]?.recorded = true
        for loser in superseded { await endSuperseded(loser) }
        await endSuperseded(id)
        startIfReady(id)
        return id
    }

    /// Ends a deployment and undoes what it made.
    public func cancel(_ id: DeploymentID) async -> Cancellation {
        guard let entry = accepted[id] else { return .unknown }
        guard !queue.isWaiting(id) else {
            // Marked first: the journal is waited for, and it must not start meanwhile.
            _ = entry.control.end(.cancelled)
            await endWaiting(id, .cancelled, EndReason.cancelled.failure)
            return .accepted
        }
        guard entry.control.end(.cancelled) else { return .tooLate }
        // So that it is cancelled even if the server ends before all is undone. What keeps the
        // journal from taking it does not keep the deployment from ending.
        try? await entry.recorder.note("Cancelling", intent: .cancelling)
        return .accepted
    }

    /// Accepts no more, and waits up to `drain` for what runs. What has not ended then, or still
    /// waits, is left as it is and goes on with the next start.
    public func close(drain: Duration) async {
        closing = true
        // Cancelled below, or ends with nothing left to do.
        let timer = Task {
            try? await Task.pause(for: drain)  // Cancelled: everything has ended.
            suspendAll()
        }
        for (id, entry) in accepted where !entry.started { release(id) }
        while !accepted.isEmpty {
            await withCheckedContinuation { idle.append($0) }
        }
        timer.cancel()
    }

    /// The archives of the deployments that have not ended, by their ids.
    public var heldArchives: Set<String> {
        Set(
            accepted.values.compactMap {
                if case .archive(let id) = $0.request.source { id } else { nil }
            }
        )
    }

    /// What was refused so far, and what is under way.
    public var statistics: ExecutorStatistics {
        tally.with(running: queue.running.count, waiting: queue.waiting.count)
    }

    private func suspendAll() {
        for entry in accepted.values { _ = entry.control.end(.suspended) }
    }

    func start(_ ids: [DeploymentID]) {
        for id in ids {
            accepted[id]?.ready = true
            startIfReady(id)
        }
    }

    private func record(
        _ id: DeploymentID,
        _ entry: Accepted,
        _ stage: Stage,
        _ message: String,
        _ key: IdempotencyKey?
    ) async throws(JournalError) {
        let request = entry.request
        let files = PrivateFiles(folder: options.privateFolder, id: id)
        let time = now()
        do {
            try files.keep(request.confidentialValues)
        } catch {
            throw JournalError(error, writingInto: options.privateFolder)
        }
        do {
            _ = try await journal.create(
                NewDeployment(id: id, tenant: entry.tenant, request: request, createdAt: time),
                first: Event(
                    deploymentID: id,
                    timestamp: time,
                    message: message,
                    stage: stage,
                    progress: stage.band(request.copy).lowerBound
                ),
                key: key
            )
        } catch {
            files.removeAll()
            throw error
        }
    }

    /// Starts a deployment that has a slot and stands in the journal.
    private func startIfReady(_ id: DeploymentID) {
        guard let entry = accepted[id], entry.ready, entry.recorded, !entry.started else { return }
        accepted[id]?.started = true
        let pipeline = Pipeline(
            id: id,
            tenant: entry.tenant,
            request: entry.request,
            options: options,
            engine: engine,
            journal: journal,
            recorder: entry.recorder,
            redactor: entry.redactor,
            control: entry.control,
            cache: cache,
            resumePoint: entry.resumePoint,
            notify: notify
        )
        // Ends by itself with the deployment; `CancellationGate` cancels it.
        let task = Task {
            await pipeline.run()
            release(id)
        }
        let timeout = options.deploymentTimeout
        let control = entry.control
        let alarm = Alarm(after: timeout) { _ = control.end(.timedOut) }
        // Ends right after the deployment.
        Task {
            await task.value
            alarm.cancel()
        }
        control.attach(task)
    }

    /// Forgets a deployment that has ended, and lets those in that waited for it.
    private func release(_ id: DeploymentID) {
        accepted[id] = nil
        let next = queue.remove(id)
        if !closing { start(next) }
        guard accepted.isEmpty else { return }
        for continuation in idle { continuation.resume() }
        idle = []
    }

    func endSuperseded(_ id: DeploymentID) async {
        guard let entry = accepted[id], entry.recorded, let superseder = entry.superseder else {
            return
        }
        // Whoever may see the one app's deployments need not see the other's.
        let isKnown = accepted[superseder].map { $0.request.app == entry.request.app } ?? false
        let failure = StageFailure(
            .superseded,
            "A newer deployment of \(entry.request.containerName) took its place"
                + (isKnown ? ": \(superseder)." : "."),
            hint: isKnown ? "Watch deployment \(superseder)." : "Look for the newer one."
        )
        await endWaiting(id, .superseded, failure)
    }

    /// Writes the final event of a deployment that never ran.
    private func endWaiting(_ id: DeploymentID, _ stage: Stage, _ failure: StageFailure) async {
        guard let entry = accepted[id], !entry.started else { return }
        accepted[id]?.started = true
        PrivateFiles(folder: options.privateFolder, id: id).removeAll()
        let message = entry.redactor.redact(failure.message)
        var result = DeploymentResult(
            success: false,
            message: message,
            containerName: entry.request.containerName,
            image: entry.request.image,
            source: entry.request.source?.kept()
        )
        result.message = message
        await entry.recorder.finish(
            stage,
            message,
            outcome: .init(
                result: result,
                failure: Failure(
                    code: failure.code,
                    stage: .queued,
                    message: message,
                    hint: failure.hint
                )
            )
        )
        release(id)
    }
}
