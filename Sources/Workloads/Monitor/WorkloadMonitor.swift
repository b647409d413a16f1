public import Deployments
public import Engine
public import Journal
import Probing
import Threads

/// Follows the containers of successful deployments, and writes into the journal what becomes of them.
///
/// The engine's events say which containers to look at. What is written is what an inspection or a probe
/// has found. While the engine cannot be asked, nothing is written.
public actor WorkloadMonitor {
    let options: WorkloadOptions
    let engine: any Engine
    let journal: any Journal
    let note: @Sendable (String) -> Void
    let now: @Sendable () -> Timestamp

    var workloads: [DeploymentID: MonitoredWorkload] = [:]
    /// The containers that must be looked at.
    var marked: Set<DeploymentID> = []
    /// The containers of deployments that have not ended, as they were seen after their start. An event
    /// removes the entry, so that the container is looked at again.
    private var started: [DeploymentID: Container] = [:]
    /// The containers that deployments are removing, and these deployments. Until a deployment ends, the
    /// engine's events say enough about them.
    private var replaced: [String: DeploymentID] = [:]
    var lastInspection = 0
    /// Takes in the news. The next such task waits for its end.
    private var takingIn: Task<Void, Never>?
    /// The tasks that write changes of workloads. The next task for a workload waits for the end of this one.
    var telling: [DeploymentID: Task<Void, Never>] = [:]
    /// The stops of workloads that are under way. Of several for one workload, the one that ends it first.
    var stops: [DeploymentID: (end: ContinuousClock.Instant, task: Task<Void, Never>)] = [:]
    let logs: LogPermits
    /// The containers that were reported as left alone.
    var reported: Set<String> = []

    private let work: AsyncSignal
    let probes = AsyncSignal()
    private nonisolated let inbox: Mailbox
    /// Whether everything was looked at, and the engine was not lost since.
    private var isFollowing = false
    private var isLossNoted = false
    var isJournalNoted = false
    private var runningProbes: Set<DeploymentID> = []
    private var maySweep = false
    /// When the next sweep for what failed deployments have left is due.
    private var nextSweep = ContinuousClock.now

    /// A monitor that does nothing until `run`. `note` takes lines for the server's log.
    public init(
        options: WorkloadOptions,
        engine: any Engine,
        journal: any Journal,
        note: @escaping @Sendable (String) -> Void,
        now: @escaping @Sendable () -> Timestamp = { Timestamp.now() }
    ) {
        self.options = options
        logs = LogPermits(options.mostLogs)
        self.engine = engine
        self.journal = journal
        self.note = note
        self.now = now
        let work = AsyncSignal()
        self.work = work
        inbox = Mailbox(wakeup: work)
    }

    /// Takes events that have just been committed. May be called on any thread.
    public nonisolated func publish(_ events: [StoredEvent]) {
        inbox.put(events)
    }

    /// Takes what a deployment reports about a container. May be called on any thread.
    public nonisolated func publish(_ notice: ContainerNotice) {
        inbox.put(notice)
    }

    /// Allows the removal of containers that failed deployments have left behind. To be called when every
    /// deployment that an earlier server has left unfinished is taken care of.
    public func allowSweep() {
        maySweep = true
        work.wake()
    }

    /// Follows the containers until the task is cancelled.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.follow() }
            group.addTask { await self.probe() }
        }
        for stop in stops.values { stop.task.cancel() }
        for stop in stops.values { await stop.task.value }
    }

    // MARK: Following

    private func follow() async {
        var pause = options.pauses.0
        while !Task.isCancelled {
            let start = ContinuousClock.now
            if let time = await engineTime() { await followEvents(since: time) }
            // The pauses grow while the engine is lost again soon after it was reached.
            if ContinuousClock.now - start > options.pauses.1 { pause = options.pauses.0 }
            try? await Task.pause(for: pause)  // If it is cancelled, the loop ends.
            pause = min(pause * 2, options.pauses.1)
        }
    }

    /// The time of the engine's clock; nil if the engine does not answer.
    private func engineTime() async -> String? {
        do {
            return try await engine.time()
        } catch {
            noteLoss(error)
            return nil
        }
    }

    func noteLoss(_ failure: EngineFailure) {
        guard !isLossNoted, failure.code != .cancelled else { return }
        isLossNoted = true
        note("the containers cannot be followed for now: \(failure.message)")
    }

    /// Follows the containers until the engine is lost. `time` is before the look at everything, so that
    /// no event is missed between the two.
    private func followEvents(since time: String) async {
        inbox.restart()
        await withTaskGroup(of: EngineFailure?.self) { group in
            group.addTask { [engine, inbox] in
                await engine.follow(labelled: Label.deployment, since: time) { events in
                    inbox.put(events)
                }
            }
            group.addTask { [self] in
                await attend()
                return nil
            }
            if let lost = await group.next() ?? nil { noteLoss(lost) }
            group.cancelAll()
        }
    }

    /// Looks at all containers, and then at those with news, until the task is cancelled or the engine is
    /// lost.
    private func attend() async {
        guard await inspectAll() else { return }
        if isLossNoted { note("the containers are followed again") }
        isLossNoted = false
        isFollowing = true
        nextSweep = .now
        defer { stopFollowing() }
        while !Task.isCancelled {
            await takeInNews()
            await inspectMarked()
            if maySweep, nextSweep <= .now {
                let isDone = await sweep()
                nextSweep = .now + (isDone ? options.sweepInterval : options.sweepPause)
            }
            await work.wait(until: nextWork)
        }
    }

    private func stopFollowing() {
        isFollowing = false
        started = [:]
        for id in workloads.keys { workloads[id]?.forgetFailures() }
    }

    /// When there is something to do even if nothing happens until then.
    private var nextWork: ContinuousClock.Instant {
        let inspections = marked.compactMap { workloads[$0]?.nextInspection }
        let ends = workloads.values.compactMap { workload in
            workload.stopEnd.map { max($0, workload.nextInspection) }
        }
        return (inspections + ends + (maySweep ? [nextSweep] : [])).min() ?? .now + .seconds(3600)
    }

    /// Takes in what has happened since the last time. Calls that overlap are done in order.
    func takeInNews() async {
        while let before = takingIn { await before.value }
        // Awaited right below. A task of its own is not cancelled together with the caller.
        let task = Task {
            await takeIn(inbox.take())
            takingIn = nil
        }
        takingIn = task
        await task.value
    }

    private func takeIn(_ content: Mailbox.Content) async {
        for id in content.deleted { forget(id) }
        replaced.merge(content.replaced) { _, newer in newer }
        // This comes first, because something may have happened to these containers already.
        for id in content.completed { await follow(id) }
        for (id, occurrence) in content.occurrences {
            if let container = started[id], occurrence.hasChanged(container.id) {
                started[id] = nil
            }
            guard let workload = workloads[id], let news = occurrence.of(workload.containerID)
            else { continue }
            await take(news, of: workload)
        }
        started.merge(content.started) { _, newer in newer }
        for id in content.completed {
            let container = started.removeValue(forKey: id)
            if let container { see(container, of: id) } else { mark(id) }
            markReplaced(by: id, after: options.removalPause)
        }
        for id in content.failed {
            started[id] = nil
            markReplaced(by: id, after: .zero)
        }
    }

    private func take(_ news: Mailbox.Occurrences.News, of workload: MonitoredWorkload) async {
        let id = workload.id
        let isReplaced = replaced.keys.contains { $0.hasPrefix(workload.containerID) }
        if !isReplaced, !news.isDestroyed { mark(id) }
        if let end = news.end, !workload.hasStarted(since: end.time) {
            workloads[id]?.hearOfEnd(exitCode: end.exitCode)
        }
        // The event of a signal may come after the next run was seen.
        if let stopped = news.stopped, !workload.hasStarted(since: stopped), workload.isUp,
            workload.stopEnd == nil
        {
            workloads[id]?.expectStop(until: .now + MonitoredWorkload.stopPatience)
            await tell(id)
        }
        if isReplaced, let end = news.end {
            workloads[id]?.seeEnd(exitCode: end.exitCode)
            await tell(id)
        }
        if news.isDestroyed {
            workloads[id]?.see(nil, at: .now)
            await tell(id)
        }
    }

    /// Takes a container as its deployment saw it after the start. Nothing has happened to it since.
    private func see(_ container: Container, of id: DeploymentID) {
        // Nobody knows what happened while the engine was not followed.
        guard isFollowing, let workload = workloads[id], container.running,
            container.id.hasPrefix(workload.containerID)
        else { return mark(id) }
        workloads[id]?.see(container, at: .now)
        probes.wake()
    }

    /// Has the containers looked at that a deployment was to remove, in case they still exist.
    private func markReplaced(by deployment: DeploymentID, after pause: Duration) {
        for (container, id) in replaced where id == deployment {
            replaced[container] = nil
            for workload in workloads.values where container.hasPrefix(workload.containerID) {
                workloads[workload.id]?.nextInspection = .now + pause
                mark(workload.id)
            }
        }
    }

    /// Has a container looked at as soon as possible.
    func mark(_ id: DeploymentID) {
        guard workloads[id] != nil else { return }
        marked.insert(id)
        work.wake()
    }

    func forget(_ id: DeploymentID) {
        workloads[id] = nil
        marked.remove(id)
    }

    /// Follows the container of a deployment from now on, if it has one. Gives the record; nil if there is
    /// none, or the journal cannot be read.
    @discardableResult
    func follow(_ id: DeploymentID) async -> DeploymentRecord? {
        // That the journal cannot be read is noted elsewhere. The next look at everything tries again.
        guard let record = try? await journal.record(of: id) else { return nil }
        if record.state.workload?.state != .removed { add(record) }
        return record
    }

    func add(_ record: DeploymentRecord) {
        let id = record.deployment.id
        guard workloads[id] == nil else { return }
        workloads[id] = MonitoredWorkload(
            id: id,
            request: record.deployment.request,
            state: record.state,
            options: options,
            now: .now
        )
    }

    // MARK: Probing

    private func probe() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                for id in dueProbes() {
                    runningProbes.insert(id)
                    group.addTask { await self.probe(id) }
                }
                await probes.wait(until: nextProbe)
            }
            group.cancelAll()
        }
    }

    private var probed: [MonitoredWorkload] {
        guard isFollowing, runningProbes.count < options.mostProbes else { return [] }
        return workloads.values.filter { $0.isProbed && !runningProbes.contains($0.id) }
    }

    private func dueProbes() -> [DeploymentID] {
        let now = ContinuousClock.now
        let due = probed.filter { $0.nextProbe <= now }.sorted { $0.nextProbe < $1.nextProbe }
        return due.prefix(options.mostProbes - runningProbes.count).map(\.id)
    }

    private var nextProbe: ContinuousClock.Instant {
        // Every look and every probe that ends wakes the loop.
        probed.map(\.nextProbe).min() ?? .now + .seconds(3600)
    }

    /// Probes all ports of a workload at once.
    private func probe(_ id: DeploymentID) async {
        defer {
            runningProbes.remove(id)
            probes.wake()
        }
        guard let workload = workloads[id] else { return }
        let host = options.publicHost
        let answers = await withTaskGroup(of: (String, PortProbe.Answer).self) { group in
            for port in workload.published {
                let probe = PortProbe(port, host: host, deployment: id)
                group.addTask { (port.mapping.name, await probe.ask()) }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        guard isFollowing, !Task.isCancelled else { return }
        workloads[id]?.hear(answers, startedAt: workload.startedAt, at: .now)
        // A look makes sure that it was still this container that was probed.
        let isSuspect = answers.values.contains(.refused)
        if isSuspect || workloads[id]?.change(at: now()) != nil { mark(id) }
    }
}
