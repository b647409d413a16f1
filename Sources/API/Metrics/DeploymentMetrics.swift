import Deployments
public import Journal
import Metrics
import Synchronization

/// Counts deployments by what is committed, since the server's start.
public final class DeploymentMetrics: Sendable {
    /// The way in which a deployment ended.
    private struct End: Hashable {
        let status: DeploymentStatus
        let code: FailureCode?

        /// Every possible end, so that each series exists before its first deployment.
        static let all: [End] =
            [End(status: .success, code: nil)]
            + FailureCode.allCases.map { End(status: status(of: $0), code: $0) }

        private static func status(of code: FailureCode) -> DeploymentStatus {
            switch code {
            case .cancelled: .cancelled
            case .superseded: .superseded
            default: .failed
            }
        }
    }

    /// A stage with its result.
    private struct Step: Hashable {
        let stage: Stage
        let succeeded: Bool
    }

    private enum Kind: String, CaseIterable {
        case progress, workload, deleted
    }

    private struct State {
        var ends: [End: Int] = [:]
        var durations: [DeploymentStatus: Histogram] = [:]
        var steps: [Step: Histogram] = [:]
        var events: [Kind: Int] = [:]
        var changes: [WorkloadState: Int] = [:]
        var removedImages = 0
    }

    /// The bounds in seconds, from a short check to the longest pull.
    private static let none = Histogram(
        bounds: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800]
    )

    private let state = Mutex(State())

    /// Creates empty metrics.
    public init() {}

    /// Counts what was just committed; returns at once.
    public func publish(_ commits: [Commit]) {
        state.withLock { state in
            for commit in commits { Self.note(commit, &state) }
        }
    }

    private static func note(_ commit: Commit, _ state: inout State) {
        switch commit.event.kind {
        case .progress:
            state.events[.progress, default: 0] += 1
            if commit.event.isFinal { noteEnd(commit.record.state, &state) }
        case .workload(let change):
            state.events[.workload, default: 0] += 1
            state.changes[change, default: 0] += 1
        case .deleted:
            state.events[.deleted, default: 0] += 1
        }
    }

    private static func noteEnd(_ deployment: DeploymentState, _ state: inout State) {
        guard let finished = deployment.finishedAt else { return }
        let end = End(status: deployment.status, code: deployment.failure?.code)
        state.ends[end, default: 0] += 1
        state.removedImages += deployment.result?.removedImages.count ?? 0
        state.durations[deployment.status, default: none].observe(
            finished.seconds(since: deployment.createdAt)
        )
        var began: Timestamp?
        for entry in deployment.stages {
            guard let stage = Stage(rawValue: entry.name), let started = entry.startedAt else {
                continue
            }
            began = began ?? started
            guard let ended = entry.finishedAt else { continue }
            let step = Step(stage: stage, succeeded: entry.status == .success)
            state.steps[step, default: none].observe(ended.seconds(since: started))
        }
        // A deployment that never began has waited until its end.
        let wait = (began ?? finished).seconds(since: deployment.createdAt)
        state.steps[Step(stage: .queued, succeeded: began != nil), default: none].observe(wait)
    }

    /// The present metrics.
    var metrics: [Metric] {
        let state = state.withLock { $0 }
        let steps = ([.queued] + Stage.pipeline(.afterStart)).flatMap { stage in
            [true, false].map { Step(stage: stage, succeeded: $0) }
        }
        return [
            .counters(
                "slipway_deployments_total",
                "Deployments that have ended, by status and failure code.",
                (End.all + state.ends.keys.filter { !End.all.contains($0) }).map { end in
                    (
                        [
                            ("status", end.status.rawValue),
                            ("code", end.code?.rawValue ?? "none"),
                        ], state.ends[end, default: 0]
                    )
                }
            ),
            .histograms(
                "slipway_deployment_duration_seconds",
                "Time from a deployment's request to its end.",
                DeploymentStatus.allCases.filter(\.isFinal).map { status in
                    ([("status", status.rawValue)], state.durations[status, default: Self.none])
                }
            ),
            .histograms(
                "slipway_stage_duration_seconds",
                "Time that ended deployments have spent in each stage.",
                steps.map { step in
                    (
                        [
                            ("stage", step.stage.rawValue),
                            ("outcome", step.succeeded ? "success" : "failed"),
                        ], state.steps[step, default: Self.none]
                    )
                }
            ),
            .counters(
                "slipway_workload_changes_total",
                "Changes of containers after their deployment, by the state they came to.",
                WorkloadState.allCases.map { change in
                    ([("state", change.rawValue)], state.changes[change, default: 0])
                }
            ),
            .counters(
                "slipway_removed_images_total",
                "Images of older deployments that were removed from the engine.",
                [([], state.removedImages)]
            ),
            .counters(
                "slipway_events_published_total",
                "Events that were committed and published.",
                Kind.allCases.map { kind in
                    ([("kind", kind.rawValue)], state.events[kind, default: 0])
                }
            ),
        ]
    }
}

extension Timestamp {
    /// The seconds since an earlier moment. If the clock was set back, no time has passed.
    fileprivate func seconds(since earlier: Timestamp) -> Double {
        max(0, Double(microseconds) - Double(earlier.microseconds)) / 1_000_000
    }
}
