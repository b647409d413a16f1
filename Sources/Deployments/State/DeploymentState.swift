/// How a deployment stands: the fold of its events.
///
/// The server, the history and the terminal all come to it by `apply`.
public struct DeploymentState: Sendable, Equatable {
    /// Where the deployment is between waiting and its end.
    public internal(set) var status: DeploymentStatus
    /// The newest event's stage.
    public internal(set) var stage: Stage
    /// Percent; never decreases.
    public internal(set) var progress: Int
    /// The newest event's message; nil before the first event.
    public internal(set) var message: String?
    /// The six steps of the pipeline in the request's order, then those of the workload.
    public internal(set) var stages: [TimelineEntry]
    /// When the deployment was asked for.
    public let createdAt: Timestamp
    /// The newest event's moment.
    public internal(set) var updatedAt: Timestamp
    /// The final event's moment; nil until then.
    public internal(set) var finishedAt: Timestamp?
    /// What came of it; nil until the final event.
    public internal(set) var result: DeploymentResult?
    /// Why it did not succeed; nil until then and after success.
    public internal(set) var failure: Failure?
    /// The container after the deployment; nil until then and without success.
    public internal(set) var workload: Workload?
    /// The newest event's id; 0 before the first.
    public internal(set) var lastEventID: Int64

    /// A deployment of which there is no event yet.
    public init(createdAt: Timestamp, copy: CopyOrder) {
        self.createdAt = createdAt
        updatedAt = createdAt
        status = .queued
        stage = .queued
        progress = 0
        lastEventID = 0
        stages =
            Stage.pipeline(copy).map { TimelineEntry(name: $0.rawValue) }
            + WorkloadStep.allCases.map { TimelineEntry(name: $0.rawValue) }
    }

    /// Whether the final event has been applied.
    public var isFinal: Bool { finishedAt != nil }

    /// Takes in the deployment's next event, which the journal has numbered `id`.
    ///
    /// An event that was already applied, or that comes after the final one, changes nothing.
    public mutating func apply(_ event: Event, id: Int64) {
        guard id > lastEventID, !isFinal else { return }
        lastEventID = id
        stage = event.stage
        progress = max(progress, event.progress)
        message = event.message
        updatedAt = event.timestamp
        switch event.stage {
        case .queued:
            status = .queued
        case .validating, .pullingImage, .preparingFiles, .startingContainer, .copyingFiles,
            .healthCheck:
            status = .inProgress
            enter(event.stage, at: event.timestamp)
        case .completed: finish(as: .success, event)
        case .error: finish(as: .failed, event)
        case .cancelled: finish(as: .cancelled, event)
        case .superseded: finish(as: .superseded, event)
        }
    }

    /// Takes in a change of the deployment's container, which the journal has numbered `id`.
    ///
    /// One that was already applied, or of a deployment without success, changes nothing.
    public mutating func apply(_ event: WorkloadEvent, id: Int64) {
        guard id > lastEventID, let before = workload else { return }
        lastEventID = id
        updatedAt = event.timestamp
        workload = before.after(event)
        guard event.state.step != before.state.step else { return }
        switch event.state.step {
        case .running:
            begin(.running, at: event.timestamp)
            self[.gracefulShutdown] = TimelineEntry(name: WorkloadStep.gracefulShutdown.rawValue)
            self[.stopped] = TimelineEntry(name: WorkloadStep.stopped.rawValue)
        case .gracefulShutdown:
            self[.running].leave(as: .success, at: event.timestamp)
            begin(.gracefulShutdown, at: event.timestamp)
        case .stopped:
            // A program that nobody told to stop has failed, unless it says that it was done.
            let wasAsked = before.state.step == .gracefulShutdown || event.exitCode == 0
            self[.running].leave(as: wasAsked ? .success : .failed, at: event.timestamp)
            self[.gracefulShutdown].leave(as: .success, at: event.timestamp)
            begin(.stopped, at: event.timestamp)
            self[.stopped].leave(as: .success, at: event.timestamp)
        }
    }

    private subscript(_ step: WorkloadStep) -> TimelineEntry {
        get { stages[place(of: step)] }
        set { stages[place(of: step)] = newValue }
    }

    private func place(of step: WorkloadStep) -> Int {
        // Every timeline ends with the workload's steps.
        stages.count - WorkloadStep.allCases.count
            + (WorkloadStep.allCases.firstIndex(of: step) ?? 0)
    }

    private mutating func begin(_ step: WorkloadStep, at moment: Timestamp) {
        self[step] = TimelineEntry(name: step.rawValue, status: .running, startedAt: moment)
    }

    private mutating func enter(_ stage: Stage, at moment: Timestamp) {
        guard let entered = stages.firstIndex(where: { $0.name == stage.rawValue }) else { return }
        for index in stages.indices.prefix(upTo: entered) {
            stages[index].leave(as: .success, at: moment)
        }
        guard stages[entered].status == .pending else { return }
        stages[entered].status = .running
        stages[entered].startedAt = moment
    }

    private mutating func finish(as final: DeploymentStatus, _ event: Event) {
        status = final
        finishedAt = event.timestamp
        result = event.outcome?.result
        failure = event.outcome?.failure
        let succeeded = final == .success
        if !succeeded, !stages.contains(where: { $0.status == .running }),
            let failed = failure?.stage,
            let index = stages.firstIndex(where: { $0.name == failed.rawValue }),
            stages[index].status == .pending
        {
            stages[index].status = .running
            stages[index].startedAt = event.timestamp
        }
        for index in stages.indices {
            guard WorkloadStep(rawValue: stages[index].name) == nil || !succeeded else { continue }
            stages[index].leave(as: succeeded ? .success : .failed, at: event.timestamp)
        }
        guard succeeded else { return }
        begin(.running, at: event.timestamp)
        workload = Workload(
            state: .running,
            previous: nil,
            health: result?.healthStatus ?? [:],
            exitCode: nil,
            endpoints: WorkloadEndpoints(
                primary: result?.endpointURL,
                urls: result?.urls ?? [:]
            ),
            since: event.timestamp
        )
    }
}

/// Where a deployment is between waiting and its end.
public enum DeploymentStatus: String, Sendable, Hashable, CaseIterable {
    /// It waits for a slot or for its container's name.
    case queued
    /// A step of the pipeline is at work.
    case inProgress = "in_progress"
    /// The container runs.
    case success
    /// It ended without success.
    case failed
    /// It was ended on request.
    case cancelled
    /// A newer request took its place in the queue.
    case superseded

    /// Whether the deployment has ended.
    public var isFinal: Bool { self != .queued && self != .inProgress }
}

/// A step of the container's life after its deployment.
public enum WorkloadStep: String, Sendable, Hashable, CaseIterable {
    /// The container runs.
    case running
    /// It was told to stop.
    case gracefulShutdown = "graceful_shutdown"
    /// It has stopped.
    case stopped
}

/// One step in a deployment's timeline.
public struct TimelineEntry: Sendable, Equatable {
    /// The name of a `Stage` or a `WorkloadStep`.
    public let name: String
    /// How the step stands.
    public internal(set) var status: StepStatus
    /// When it began; nil before, and where it is skipped.
    public internal(set) var startedAt: Timestamp?
    /// When it ended; nil before, and where it is skipped.
    public internal(set) var finishedAt: Timestamp?

    /// How a step stands.
    public enum StepStatus: String, Sendable, Hashable, CaseIterable {
        /// It has not begun.
        case pending
        /// It is at work.
        case running
        /// It has ended well.
        case success
        /// It was at work when the deployment ended without success.
        case failed
        /// The deployment went past it.
        case skipped
    }

    init(
        name: String,
        status: StepStatus = .pending,
        startedAt: Timestamp? = nil,
        finishedAt: Timestamp? = nil
    ) {
        self.name = name
        self.status = status
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }

    /// Ends the step where it is running, skips it where it has not begun.
    fileprivate mutating func leave(as end: StepStatus, at moment: Timestamp) {
        switch status {
        case .running:
            status = end
            finishedAt = moment
        case .pending:
            status = .skipped
        case .success, .failed, .skipped:
            break
        }
    }
}
