public import Deployments
public import Engine
public import Journal
import Threads

/// Accepts deployments, runs them, and ends each of them with exactly one final event.
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
    /// Limits the checks that run at once.
    private var checks: TenantShares
    private var tally = ExecutorStatistics()

    /// A deployment that has not ended.
    struct Accepted {
        let request: DeploymentRequest
        let tenant: String
        let redactor: Redactor
        let recorder: ProgressRecorder
        /// What an earlier server has left of the deployment; nil for a new one.
        var resumePoint: ResumePoint?
        let control = CancellationGate()
        /// Whether the deployment is in the journal.
        var recorded = false
        /// Whether it has one of the slots for running deployments.
        var ready = false
        var started = false
        /// The deployment that has taken its place in the queue; nil if none has.
        var superseder: DeploymentID?
    }

    /// An executor that runs nothing yet. `notify` is told about containers and must not block.
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

    /// Whether the deployment has not ended and belongs to the scope.
    private func isKnown(_ id: DeploymentID, within accessScope: AccessScope) -> Bool {
        guard let entry = accepted[id] else { return false }
        return accessScope.includes(tenant: entry.tenant, app: entry.request.app)
    }

    /// How the queue would answer a request now.
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
            isKnown(id, within: accessScope) ? "deployment \(id)" : "a deployment of somebody else"
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
            check.message = "\(options.maxQueued) deployments wait already; no more are accepted"
            check.code = .interrupted
            check.hint = "Ask again later."
        }
        if !superseded.isEmpty {
            check.message += ", and supersede \(superseded.count) of those that wait"
        }
        return check
    }

    /// The request with the real paths of the folders and files that it mounts. Throws if one of them may
    /// not be mounted.
    public nonisolated func locateMounts(
        of request: DeploymentRequest
    ) async throws(RequestFaults) -> DeploymentRequest {
        var (request, faults) = (request, [FieldFault]())
        for index in request.volumes.indices {
            guard case .folder(let path) = request.volumes[index].source else { continue }
            do throws(SourceRoots.FolderFault) {
                let real = try await options.bindRoots.locate(path, isLocal: engine.isLocal)
                // A path that the decoder would refuse could not be read from the journal again.
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

    /// Finds out what the request would lead to now. Nothing is changed, and nothing is kept.
    ///
    /// Throws if `maxChecks` are under way: each of them runs docker commands, and can simply be repeated
    /// later.
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

    /// Accepts a deployment. When this returns, the deployment and its first event are in the journal, and
    /// it runs whether or not anybody watches it. If there is a key, the key stands for the deployment from
    /// then on.
    ///
    /// The deployment belongs to the tenant of `accessScope`. It replaces only deployments and containers
    /// within that scope.
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
            // The deployments that it would have superseded wait again.
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

    /// Ends a deployment and undoes what it has made.
    public func cancel(_ id: DeploymentID) async -> Cancellation {
        guard let entry = accepted[id] else { return .unknown }
        guard !queue.isWaiting(id) else {
            // It is marked first, so that it does not start while the journal is written.
            _ = entry.control.end(.cancelled)
            await endWaiting(id, .cancelled, EndReason.cancelled.failure)
            return .accepted
        }
        guard entry.control.end(.cancelled) else { return .tooLate }
        // With this note it is cancelled even if the server ends before everything is undone. If the
        // journal cannot be written, the deployment still ends.
        try? await entry.recorder.note("Cancelling", intent: .cancelling)
        return .accepted
    }

    /// Accepts nothing more, and waits up to `drain` for the running deployments. Those that have not ended
    /// by then, and those that still wait, are left as they are and continue at the next start.
    public func close(drain: Duration) async {
        closing = true
        // The task is cancelled below, or ends when nothing is left to do.
        let timer = Task {
            try? await Task.pause(for: drain)  // It is cancelled when everything has ended.
            suspendAll()
        }
        for (id, entry) in accepted where !entry.started { release(id) }
        while !accepted.isEmpty {
            await withCheckedContinuation { idle.append($0) }
        }
        timer.cancel()
    }

    /// The ids of the archives that unfinished deployments need.
    public var heldArchives: Set<String> {
        Set(
            accepted.values.compactMap {
                if case .archive(let id) = $0.request.source { id } else { nil }
            }
        )
    }

    /// The numbers of refused and current deployments.
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

    /// Starts a deployment if it has a slot and is in the journal.
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
        // The task ends with the deployment; `CancellationGate` cancels it.
        let task = Task {
            await pipeline.run()
            release(id)
        }
        let timeout = options.deploymentTimeout
        let control = entry.control
        let alarm = Alarm(after: timeout) { _ = control.end(.timedOut) }
        // The task ends right after the deployment.
        Task {
            await task.value
            alarm.cancel()
        }
        control.attach(task)
    }

    /// Removes a deployment that has ended, and starts those that waited for it.
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
        // A caller that may see one app's deployments need not be allowed to see the other's.
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
