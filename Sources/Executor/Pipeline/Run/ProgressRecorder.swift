import Deployments
import Journal
import Threads

/// Tells the journal how a deployment goes. Its events are in order and hold no secrets; their progress stays
/// within the stage's band and never goes back.
actor ProgressRecorder {
    /// The right to tell of the deployment.
    nonisolated let driver: Driver
    private let copyOrder: CopyOrder
    private let journal: any EventLog & DeploymentDrivers
    private var redactor: Redactor
    private let now: @Sendable () -> Timestamp
    private let clock = ContinuousClock()

    private(set) var stage: Stage
    private var progress = 0
    private var stageStart: ContinuousClock.Instant
    private(set) var durations: [(stage: Stage, milliseconds: Int64)] = []
    /// The milliseconds that the present stage had taken before the server was started again.
    private var earlier: Int64 = 0

    /// A recorder of a deployment whose latest event was of that stage and is already written.
    init(
        driver: Driver,
        copyOrder: CopyOrder,
        journal: any EventLog & DeploymentDrivers,
        redactor: Redactor,
        first: Stage,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.driver = driver
        self.copyOrder = copyOrder
        self.journal = journal
        self.redactor = redactor
        self.now = now
        stage = first
        progress = first.band(copyOrder).lowerBound
        stageStart = clock.now
    }

    /// A recorder of a deployment that goes on after the server was started again. Stages that were told are
    /// not told again.
    init(
        resuming record: DeploymentRecord,
        driver: Driver,
        journal: any EventLog & DeploymentDrivers,
        redactor: Redactor,
        now: @escaping @Sendable () -> Timestamp
    ) {
        let (state, copyOrder) = (record.state, record.deployment.copy)
        self.driver = driver
        self.copyOrder = copyOrder
        self.journal = journal
        self.redactor = redactor
        self.now = now
        stage = state.stage
        progress = state.progress
        stageStart = clock.now
        for stage in Stage.pipeline(copyOrder) {
            guard let entry = state.stages.first(where: { $0.name == stage.rawValue }),
                let start = entry.startedAt
            else { continue }
            // The clock may have been set back.
            let end = entry.finishedAt ?? now()
            let time = Timestamp.milliseconds(from: start, to: end)
            if stage == state.stage { earlier = time } else { durations.append((stage, time)) }
        }
    }

    /// Masks these values from now on.
    func mask(_ redactor: Redactor) {
        self.redactor = redactor
    }

    /// Enters a stage, or tells something of it. The event is durable if the stage changes.
    ///
    /// - Parameters:
    ///   - fraction: how much of the stage is done, 0 to 1.
    ///   - intent: what is about to be done and cannot be taken back.
    func tell(
        _ stage: Stage,
        _ message: String,
        fraction: Double = 0,
        detail: JSONValue? = nil,
        intent: Intent? = nil
    ) async throws(JournalError) {
        guard !isPast(stage) else {
            if let intent { try await journal.intend(intent, by: driver) }
            return
        }
        let band = stage.band(copyOrder)
        let width = Double(band.upperBound - band.lowerBound)
        let percent = band.lowerBound + Int((width * min(max(fraction, 0), 1)).rounded(.down))
        progress = max(progress, percent)
        let changes = stage != self.stage
        if changes { enter(stage) }
        try await write(message, detail: detail, intent: intent, durable: changes)
    }

    /// Tells something of the present stage, whichever it is; nothing after the final event.
    func note(_ message: String, intent: Intent? = nil) async throws(JournalError) {
        guard !stage.isFinal else { return }
        try await write(message, intent: intent)
    }

    /// Whether a later stage has been told. That is so only for work that is done again.
    private func isPast(_ stage: Stage) -> Bool {
        let order = Stage.pipeline(copyOrder)
        guard let present = order.firstIndex(of: self.stage),
            let told = order.firstIndex(of: stage)
        else { return false }
        return told < present
    }

    /// Writes the final event; tries until the journal takes it, or is closed. A cancellation does not end
    /// that.
    func finish(_ stage: Stage, _ message: String, outcome: Event.Outcome) async {
        enter(stage)
        progress = 100
        // Awaited right here; a task of its own is not cancelled with the deployment's.
        await Task { await writeFinal(message, outcome) }.value
    }

    private func writeFinal(_ message: String, _ outcome: Event.Outcome) async {
        var pause = Duration.milliseconds(100)
        while true {
            do {
                return try await write(message, outcome: outcome, durable: true)
            } catch {
                if error.isLoss || error.code == .closed { return }
                try? await Task.pause(for: pause)  // Never cancelled.
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    /// The time spent in each stage so far, the present one included.
    var durationsSoFar: [(stage: Stage, milliseconds: Int64)] {
        durations + (stage.isFinal ? [] : [(stage, elapsed)])
    }

    private func enter(_ next: Stage) {
        if stage != .queued, !stage.isFinal { durations.append((stage, elapsed)) }
        stage = next
        stageStart = clock.now
        earlier = 0
    }

    private var elapsed: Int64 {
        let duration = clock.now - stageStart
        return earlier + duration.components.seconds * 1000
            + duration.components.attoseconds / 1_000_000_000_000_000
    }

    private func write(
        _ message: String,
        detail: JSONValue? = nil,
        intent: Intent? = nil,
        outcome: Event.Outcome? = nil,
        durable: Bool = false
    ) async throws(JournalError) {
        let event = Event(
            deploymentID: driver.deploymentID,
            timestamp: now(),
            message: redactor.redact(message),
            stage: stage,
            progress: progress,
            detail: intent?.detail ?? detail,
            outcome: outcome
        )
        _ = try await journal.append(
            event,
            intending: intent,
            by: driver,
            durability: durable ? .durable : .grouped
        )
    }
}
