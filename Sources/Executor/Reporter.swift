import Deployments
import Journal

/// Tells the journal how a deployment goes: in order, within each stage's band, never backwards,
/// without secrets.
actor Reporter {
    private let id: DeploymentID
    private let copyOrder: CopyOrder
    private let journal: any Journal
    private let redactor: Redactor
    private let now: @Sendable () -> Timestamp
    private let clock = ContinuousClock()

    private(set) var stage: Stage
    private var progress = 0
    private var stageStart: ContinuousClock.Instant
    private(set) var durations: [(stage: Stage, milliseconds: Int64)] = []

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

    /// Enters a stage, or tells something of it. Durable where the stage changes.
    ///
    /// - Parameter fraction: how much of the stage is done, 0 to 1.
    func tell(
        _ stage: Stage,
        _ message: String,
        fraction: Double = 0,
        detail: JSONValue? = nil
    ) async throws(JournalError) {
        let band = stage.band(copyOrder)
        let width = Double(band.upperBound - band.lowerBound)
        let percent = band.lowerBound + Int((width * min(max(fraction, 0), 1)).rounded(.down))
        progress = max(progress, percent)
        let changes = stage != self.stage
        if changes { enter(stage) }
        try await write(message, detail: detail, outcome: nil, durable: changes)
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
                if error.code == .alreadyFinal || error.code == .closed { return }
                try? await Task.sleep(for: pause)  // Never cancelled.
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
    }

    private var elapsed: Int64 {
        let duration = clock.now - stageStart
        return duration.components.seconds * 1000
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
