import Deployments
import Journal
import Metrics
import Testing

@testable import API

@Suite struct DeploymentMetricsTests {
    /// The lines of an exposition that are not 0, and those that a test names.
    private func lines(_ metrics: DeploymentMetrics) -> Set<String> {
        let lines = Exposition.text(metrics.metrics).split(separator: "\n").map(String.init)
        return Set(lines.filter { !$0.hasPrefix("#") })
    }

    private let begun = Timestamp(microseconds: 1_000_000)

    /// The commits of a deployment whose stages begin so many seconds after it was asked for.
    private func commits(
        _ stages: [(Stage, Double)],
        failure code: FailureCode? = nil
    ) -> [Commit] {
        var request = DeploymentRequest(app: "a", folder: "/a", containerName: "a", image: "a")
        request.environment = "live"
        let deployment = NewDeployment(
            id: DeploymentID(),
            tenant: "default",
            request: request,
            createdAt: begun
        )
        var state = DeploymentState(createdAt: begun, copy: .afterStart)
        return stages.enumerated().map { index, step in
            let (stage, seconds) = step
            let result = DeploymentResult(
                success: code == nil,
                message: "over",
                containerName: "a",
                image: "a"
            )
            let failure = code.map {
                Failure(code: $0, stage: stages[max(0, index - 1)].0, message: "", hint: "")
            }
            let event = Event(
                deploymentID: deployment.id,
                timestamp: Timestamp(
                    microseconds: begun.microseconds + Int64(seconds * 1_000_000)
                ),
                message: "",
                stage: stage,
                progress: stage.band(.afterStart).lowerBound,
                outcome: stage.isFinal ? Event.Outcome(result: result, failure: failure) : nil
            )
            state.apply(event, id: Int64(index + 1))
            return Commit(
                event: StoredEvent(
                    id: Int64(index + 1),
                    deploymentID: deployment.id,
                    kind: .progress(stage),
                    text: event.json.text
                ),
                change: .progress(event),
                record: DeploymentRecord(number: 1, deployment: deployment, state: state)
            )
        }
    }

    @Test func successIsCountedWithTheTimeOfEachStage() {
        let metrics = DeploymentMetrics()
        metrics.publish(
            commits([
                (.queued, 0), (.validating, 2), (.pullingImage, 2.125), (.pullingImage, 3),
                (.preparingFiles, 10.125), (.startingContainer, 10.25), (.copyingFiles, 11),
                (.healthCheck, 11.5), (.completed, 12),
            ])
        )
        let lines = lines(metrics)
        for line in [
            #"slipway_deployments_total{status="success",code="none"} 1"#,
            #"slipway_deployments_total{status="failed",code="disk_full"} 0"#,
            #"slipway_deployment_duration_seconds_sum{status="success"} 12"#,
            #"slipway_stage_duration_seconds_sum{stage="queued",outcome="success"} 2"#,
            #"slipway_stage_duration_seconds_sum{stage="pulling_image",outcome="success"} 8"#,
            #"slipway_stage_duration_seconds_bucket{stage="pulling_image",outcome="success",le="5"} 0"#,
            #"slipway_stage_duration_seconds_bucket{stage="pulling_image",outcome="success",le="10"} 1"#,
            #"slipway_stage_duration_seconds_count{stage="pulling_image",outcome="failed"} 0"#,
            #"slipway_events_published_total{kind="progress"} 9"#,
        ] { #expect(lines.contains(line), "\(line)") }
    }

    @Test func failureIsCountedByItsCodeAndTheStageItEndedIn() {
        let metrics = DeploymentMetrics()
        metrics.publish(
            commits([(.validating, 0), (.pullingImage, 1), (.error, 4)], failure: .imageNotFound)
        )
        metrics.publish(commits([(.queued, 0), (.cancelled, 7)], failure: .cancelled))
        let lines = lines(metrics)
        for line in [
            #"slipway_deployments_total{status="failed",code="image_not_found"} 1"#,
            #"slipway_deployments_total{status="cancelled",code="cancelled"} 1"#,
            #"slipway_deployments_total{status="success",code="none"} 0"#,
            #"slipway_stage_duration_seconds_sum{stage="validating",outcome="success"} 1"#,
            #"slipway_stage_duration_seconds_sum{stage="pulling_image",outcome="failed"} 3"#,
            #"slipway_stage_duration_seconds_sum{stage="queued",outcome="failed"} 7"#,
            #"slipway_stage_duration_seconds_count{stage="preparing_files",outcome="failed"} 0"#,
        ] { #expect(lines.contains(line), "\(line)") }
    }

    @Test func everySeriesIsThereFromTheStart() {
        let names = lines(DeploymentMetrics()).count { $0.hasPrefix("slipway_deployments_total{") }
        #expect(names == FailureCode.allCases.count + 1)
    }

    @Test func aProgramsNameMayHoldAnything() {
        let fields = (3...30).map(String.init).joined(separator: " ")
        let status = ProcessMetrics.Status("1 (a) b) c) \(fields)")
        #expect(status.number(.userTicks) == 14)
        #expect(status.number(.residentPages) == 24)
        #expect(ProcessMetrics.Status("").number(.start) == nil)
    }

    @Test func theProcessTellsWhatOthersTell() {
        let text = Exposition.text(ProcessMetrics.metrics)
        for name in [
            "process_cpu_seconds_total", "process_start_time_seconds",
            "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds",
            "process_max_fds",
        ] { #expect(text.contains("\n\(name) "), "\(name)") }
    }
}
