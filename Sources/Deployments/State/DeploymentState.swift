/// The state of a deployment, which results from its events.
///
/// The server, the history and the terminal all compute it with `apply`.
public struct DeploymentState: Sendable, Equatable {
    /// The status: whether the deployment waits, runs or has ended.
    public internal(set) var status: DeploymentStatus
    /// The newest event's stage.
    public internal(set) var stage: Stage
    /// The progress in percent, which never decreases.
    public internal(set) var progress: Int
    /// The newest event's message; nil before the first event.
    public internal(set) var message: String?
    /// The six stages of the pipeline in the request's order, followed by the steps of the
    /// workload.
    public internal(set) var stages: [TimelineEntry]
    /// The time of the request.
    public let createdAt: Timestamp
    /// The time of the newest event.
    public internal(set) var updatedAt: Timestamp
    /// The time of the final event; nil before it.
    public internal(set) var finishedAt: Timestamp?
    /// The result; nil before the final event.
    public internal(set) var result: DeploymentResult?
    /// The reason of a failure; nil before the final event and after success.
    public internal(set) var failure: Failure?
    /// The container after the deployment; nil before the final event and without success.
    public internal(set) var workload: Workload?
    /// The id of the newest event; 0 before the first.
    public internal(set) var lastEventID: Int64

    /// Creates the state of a deployment without events.
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

    /// Applies the deployment's next event, which has the id `id` in the journal.
    ///
    /// An event that was already applied, or that comes after the final one, has no effect.
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

    /// Applies a change of the deployment's container, which has the id `id` in the journal.
    ///
    /// A change that was already applied, or that belongs to a deployment without success, has no
    /// effect.
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
            // A program that stops without being asked has failed, unless its exit status is 0.
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

/// The status of a deployment: whether it waits, runs or has ended.
public enum DeploymentStatus: String, Sendable, Hashable, CaseIterable {
    /// It waits for a slot or for its container's name.
    case queued
    /// A stage of the pipeline is under way.
    case inProgress = "in_progress"
    /// The deployment has ended and its container runs.
    case success
    /// The deployment has ended without success.
    case failed
    /// The deployment was cancelled on request.
    case cancelled
    /// A newer request has superseded it in the queue.
    case superseded

    /// Whether the deployment has ended.
    public var isFinal: Bool { self != .queued && self != .inProgress }
}

/// A step of the container's life after its deployment.
public enum WorkloadStep: String, Sendable, Hashable, CaseIterable {
    /// The container runs.
    case running
    /// The container was asked to stop.
    case gracefulShutdown = "graceful_shutdown"
    /// The container has stopped.
    case stopped
}

/// One step in a deployment's timeline.
public struct TimelineEntry: Sendable, Equatable {
    /// The name of a `Stage` or a `WorkloadStep`.
    public let name: String
    /// The status of the step.
    public internal(set) var status: StepStatus
    /// The time of its beginning; nil before that, or if it is skipped.
    public internal(set) var startedAt: Timestamp?
    /// The time of its end; nil before that, or if it is skipped.
    public internal(set) var finishedAt: Timestamp?

    /// The status of a step.
    public enum StepStatus: String, Sendable, Hashable, CaseIterable {
        /// The step has not begun.
        case pending
        /// The step is under way.
        case running
        /// The step has succeeded.
        case success
        /// The step was under way when the deployment ended without success.
        case failed
        /// The deployment has passed it without doing it.
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

    /// Ends the step if it is under way, and skips it if it has not begun.
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
