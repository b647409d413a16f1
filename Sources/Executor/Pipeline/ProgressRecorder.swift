import Deployments
import Journal
import Threads

/// Tells the journal how a deployment goes: in order, within each stage's band, never backwards,
/// without secrets.
actor ProgressRecorder {
    private let id: DeploymentID
    private let copyOrder: CopyOrder
    private let journal: any Journal
    private var redactor: Redactor
    private let now: @Sendable () -> Timestamp
    private let clock = ContinuousClock()

    private(set) var stage: Stage
    private var progress = 0
    private var stageStart: ContinuousClock.Instant
    private(set) var durations: [(stage: Stage, milliseconds: Int64)] = []
    /// What the present stage had taken before the server was started again.
    private var earlier: Int64 = 0

    /// A reporter of a deployment whose latest event, already written, was of that stage.
    init(
        id: DeploymentID,
        copyOrder: CopyOrder,
        journal: any Journal,
        redactor: Redactor,
        first: Stage,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.id = id
        self.copyOrder = copyOrder
        self.journal = journal
        self.redactor = redactor
        self.now = now
        stage = first
        progress = first.band(copyOrder).lowerBound
        stageStart = clock.now
    }

    /// A reporter of a deployment that goes on after the server was started again. Stages that
    /// were told are not told again.
    init(
        resuming record: DeploymentRecord,
        journal: any Journal,
        redactor: Redactor,
        now: @escaping @Sendable () -> Timestamp
    ) {
        let (state, copyOrder) = (record.state, record.deployment.copy)
        id = record.deployment.id
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

    /// Enters a stage, or tells something of it. Durable where the stage changes.
    ///
    /// - Parameters:
    ///   - fraction: how much of the stage is done, 0 to 1.
    ///   - durable: whether it must outlast a loss of power although the stage does not change.
    func tell(
        _ stage: Stage,
        _ message: String,
        fraction: Double = 0,
        detail: JSONValue? = nil,
        durable: Bool = false
    ) async throws(JournalError) {
        guard !isPast(stage) else { return }
        let band = stage.band(copyOrder)
        let width = Double(band.upperBound - band.lowerBound)
        let percent = band.lowerBound + Int((width * min(max(fraction, 0), 1)).rounded(.down))
        progress = max(progress, percent)
        let changes = stage != self.stage
        if changes { enter(stage) }
        try await write(message, detail: detail, outcome: nil, durable: durable || changes)
    }

    /// Tells something of the present stage, whichever it is; nothing after the final event.
    func note(
        _ message: String,
        detail: JSONValue? = nil,
        durable: Bool = false
    ) async throws(JournalError) {
        guard !stage.isFinal else { return }
        try await write(message, detail: detail, outcome: nil, durable: durable)
    }

    /// Whether a later stage has been told: only work that is done again comes to an earlier one.
    private func isPast(_ stage: Stage) -> Bool {
        let order = Stage.pipeline(copyOrder)
        guard let present = order.firstIndex(of: self.stage),
            let told = order.firstIndex(of: stage)
        else { return false }
        return told < present
    }

    /// Writes the final event; tries until the journal takes it, or is closed. Not ended by a
    /// cancellation.
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
                return try await write(message, detail: nil, outcome: outcome, durable: true)
            } catch {
                switch error.code {
                case .alreadyFinal, .closed, .unknownDeployment: return
                default: break
                }
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
        detail: JSONValue?,
        outcome: Event.Outcome?,
        durable: Bool
    ) async throws(JournalError) {
        let event = Event(
            deploymentID: id,
            timestamp: now(),
            message: redactor.redact(message),
            stage: stage,
            progress: progress,
            detail: detail,
            outcome: outcome
        )
        _ = try await journal.append(event, durability: durable ? .durable : .grouped)
    }
}
