import Deployments
import Testing

@Suite struct WorkloadTests {
    private let id = DeploymentID()

    private func second(_ number: Int) -> Timestamp {
        Timestamp(microseconds: Int64(number) * 1_000_000)
    }

    /// A deployment that ended in second 10, with the event 10.
    private func ended(as stage: Stage = .completed) -> DeploymentState {
        var state = DeploymentState(createdAt: second(0), copy: .afterStart)
        var result = DeploymentResult(
            success: stage == .completed,
            message: "Done",
            containerName: "shop",
            image: "a"
        )
        result.healthStatus = ["frontend": true]
        result.urls = ["frontend": "http://localhost:32768"]
        result.endpointURL = "http://localhost:32768"
        state.apply(
            Event(
                deploymentID: id,
                timestamp: second(10),
                message: "Done",
                stage: stage,
                progress: 100,
                outcome: .init(result: result)
            ),
            id: 10
        )
        return state
    }

    private func event(
        _ state: WorkloadState,
        at moment: Int,
        health: [String: Bool] = ["frontend": true],
        exitCode: Int? = nil,
        endpoints: WorkloadEndpoints = WorkloadEndpoints()
    ) -> WorkloadEvent {
        WorkloadEvent(
            deploymentID: id,
            timestamp: second(moment),
            message: "\(state)",
            state: state,
            health: health,
            exitCode: exitCode,
            endpoints: endpoints
        )
    }

    /// The state after these events, one a second from second 11 on.
    private func fold(_ events: [(WorkloadState, Int?)]) -> DeploymentState {
        var state = ended()
        for (index, (workload, exitCode)) in events.enumerated() {
            state.apply(event(workload, at: 11 + index, exitCode: exitCode), id: Int64(11 + index))
        }
        return state
    }

    private func steps(_ state: DeploymentState) -> [String] {
        state.stages.suffix(3).map { "\($0.status)" }
    }

    @Test func successIsARunningWorkload() {
        let workload = ended().workload
        #expect(workload?.state == .running && workload?.previous == nil)
        #expect(workload?.health == ["frontend": true] && workload?.exitCode == nil)
        #expect(workload?.endpoints.primary == "http://localhost:32768")
        #expect(workload?.endpoints.urls == ["frontend": "http://localhost:32768"])
        #expect(workload?.since == second(10))
    }

    @Test(arguments: [Stage.error, .cancelled, .superseded])
    func deploymentWithoutSuccessHasNoWorkload(_ stage: Stage) {
        var state = ended(as: stage)
        let before = state
        state.apply(event(.stopped, at: 20), id: 20)
        #expect(state == before && state.workload == nil)
    }

    @Test func stateThatLastsKeepsItsBeginning() {
        var state = ended()
        state.apply(event(.running, at: 20, health: ["frontend": false]), id: 20)
        #expect(state.workload?.since == second(10) && state.workload?.previous == .running)
        #expect(state.workload?.health == ["frontend": false])
        #expect(state.updatedAt == second(20) && state.lastEventID == 20)
        state.apply(event(.unhealthy, at: 30, health: ["frontend": false]), id: 30)
        #expect(state.workload?.since == second(30) && state.workload?.previous == .running)
        #expect(state.status == .success && state.progress == 100 && state.stage == .completed)
    }

    @Test(
        arguments: [
            // Told to stop, and stopped.
            ([(.stopping, nil)], ["success", "running", "pending"]),
            ([(.stopping, nil), (.stopped, 137)], ["success", "success", "success"]),
            // Ended by itself: well, badly, and without anybody seeing it.
            ([(.stopped, 0)], ["success", "skipped", "success"]),
            ([(.stopped, 3)], ["failed", "skipped", "success"]),
            ([(.removed, nil)], ["failed", "skipped", "success"]),
            // Started again: the steps begin anew.
            (
                [(.stopping, nil), (.stopped, 0), (.running, nil)],
                ["running", "pending", "pending"]
            ),
            // Restarts and ill health are part of running.
            (
                [(.restarting, 1), (.unhealthy, nil), (.running, nil)],
                ["running", "pending", "pending"]
            ),
            // What has stopped can only be removed.
            ([(.stopping, nil), (.stopped, 0), (.removed, 0)], ["success", "success", "success"]),
        ] as [([(WorkloadState, Int?)], [String])]
    )
    func stepsFollowTheWorkload(_ events: [(WorkloadState, Int?)], _ expected: [String]) {
        #expect(steps(fold(events)) == expected)
    }

    @Test func timesOfTheStepsAreThoseOfTheirEvents() {
        let state = fold([(.stopping, nil), (.stopped, 0), (.removed, 0)])
        let steps = state.stages.suffix(3).map { ($0.startedAt, $0.finishedAt) }
        #expect(steps[0] == (second(10), second(11)))
        #expect(steps[1] == (second(11), second(12)))
        #expect(steps[2] == (second(12), second(12)))
    }

    @Test func eventThatWasAppliedChangesNothing() {
        var state = fold([(.stopping, nil), (.stopped, 0)])
        let before = state
        state.apply(event(.running, at: 99), id: 12)
        #expect(state == before)
    }

    @Test(arguments: WorkloadState.allCases)
    func stateSurvivesItsText(_ workload: WorkloadState) throws {
        var state = ended()
        state.apply(
            event(
                workload,
                at: 11,
                health: ["frontend": false, "backend": true],
                exitCode: workload.isLive ? nil : 137,
                endpoints: WorkloadEndpoints(
                    primary: "http://a:1",
                    urls: ["frontend": "http://a:1"]
                )
            ),
            id: 11
        )
        let json = try JSONValue(parsing: Array(state.json.text.utf8))
        #expect(DeploymentState(json: json) == state)
        #expect(json["workload"]?["state"]?.string == workload.rawValue)
    }

    @Test func workloadThatWasKeptWithoutEndpointsIsRead() throws {
        let text = """
            {"state":"running","previous_state":null,"health":{},"exit_code":null,\
            "since":"2026-11-21T10:30:00.000000Z"}
            """
        let workload = Workload(json: try JSONValue(parsing: Array(text.utf8)))
        #expect(workload?.state == .running && workload?.endpoints == WorkloadEndpoints())
    }

    @Test func eventTellsTheWorkloadItMakes() {
        let change = event(.stopped, at: 20, exitCode: 3)
        let workload = ended().workload?.after(change)
        let json = workload.map { change.json($0) }
        #expect(json?["stage"]?.string == "stopped" && json?["message"]?.string == "stopped")
        #expect(json?["workload"]?["previous_state"]?.string == "running")
        #expect(json?["workload"]?["exit_code"]?.integer == 3)
        #expect(json?["workload"]?["endpoint_url"]?.isNull == true)
    }
}
