import Deployments
import Testing

@Suite struct DeploymentStateTests {
    private let id = DeploymentID()

    /// The state after these stages, one event a second from second 1 on.
    private func fold(
        _ stages: [Stage],
        copy: CopyOrder = .afterStart,
        failedIn: Stage = .pullingImage
    ) -> DeploymentState {
        var state = DeploymentState(createdAt: second(0), copy: copy)
        for (index, stage) in stages.enumerated() {
            state.apply(event(stage, at: index + 1, failedIn: failedIn), id: Int64(index + 1))
        }
        return state
    }

    private func second(_ number: Int) -> Timestamp {
        Timestamp(microseconds: Int64(number) * 1_000_000)
    }

    private func event(_ stage: Stage, at moment: Int, failedIn: Stage = .pullingImage) -> Event {
        let succeeded = stage == .completed
        let result = DeploymentResult(
            success: succeeded,
            message: "Done",
            containerName: "shop",
            image: "a"
        )
        let failure = Failure(code: .internal, stage: failedIn, message: "Broken", hint: "Retry")
        return Event(
            deploymentID: id,
            timestamp: second(moment),
            message: "\(stage) \(moment)",
            stage: stage,
            progress: stage.band(.afterStart).lowerBound,
            outcome: stage.isFinal
                ? Event.Outcome(result: result, failure: succeeded ? nil : failure) : nil
        )
    }

    private func timeline(_ state: DeploymentState) -> [String] {
        state.stages.map { "\($0.name) \($0.status)" }
    }

    @Test func newDeploymentWaits() {
        let state = fold([])
        #expect(state.status == .queued && state.progress == 0 && !state.isFinal)
        #expect(state.updatedAt == state.createdAt)
        #expect(
            state.stages.map(\.name) == [
                "validating", "pulling_image", "preparing_files", "starting_container",
                "copying_files", "health_check", "running", "graceful_shutdown", "stopped",
            ]
        )
        #expect(state.stages.allSatisfy { $0.status == .pending && $0.startedAt == nil })
    }

    @Test func stagesBeginAndEndWithTheirEvents() {
        let state = fold([.queued, .validating, .pullingImage, .pullingImage])
        #expect(state.status == .inProgress && state.stage == .pullingImage)
        #expect(state.stages[0].status == .success)
        #expect(state.stages[0].startedAt == second(2) && state.stages[0].finishedAt == second(3))
        #expect(state.stages[1].status == .running)
        #expect(state.stages[1].startedAt == second(3) && state.stages[1].finishedAt == nil)
        #expect(state.message == "pullingImage 4" && state.lastEventID == 4)
        #expect(state.updatedAt == second(4))
    }

    @Test func successLeavesTheWorkloadRunning() {
        let state = fold(Stage.pipeline(.afterStart) + [.completed])
        #expect(state.status == .success && state.progress == 100)
        #expect(state.finishedAt == second(7) && state.result?.success == true)
        #expect(state.failure == nil)
        #expect(
            timeline(state) == [
                "validating success", "pulling_image success", "preparing_files success",
                "starting_container success", "copying_files success", "health_check success",
                "running running", "graceful_shutdown pending", "stopped pending",
            ]
        )
        #expect(state.stages[6].startedAt == second(7))
    }

    @Test func stepThatTheDeploymentWentPastIsSkipped() {
        let state = fold([.validating, .preparingFiles])
        #expect(state.stages[1].status == .skipped)
        let done = fold([.validating, .completed])
        #expect(done.stages[0].status == .success)
        #expect(done.stages[1...5].allSatisfy { $0.status == .skipped })
    }

    @Test(arguments: [
        (Stage.error, DeploymentStatus.failed), (.cancelled, .cancelled),
        (.superseded, .superseded),
    ])
    func endWithoutSuccessFailsTheStepAtWork(_ stage: Stage, _ status: DeploymentStatus) {
        let state = fold([.validating, .pullingImage, stage])
        #expect(state.status == status && state.isFinal && state.failure?.message == "Broken")
        #expect(state.stages[0].status == .success)
        #expect(state.stages[1].status == .failed && state.stages[1].finishedAt == second(3))
        #expect(state.stages[2...].allSatisfy { $0.status == .skipped && $0.startedAt == nil })
    }

    @Test func endInTheQueueSkipsEverything() {
        let state = fold([.queued, .superseded], failedIn: .queued)
        #expect(state.stages.allSatisfy { $0.status == .skipped })
    }

    @Test func failureBeforeAnyStepIsTheStepsItNames() {
        let state = fold([.error], failedIn: .validating)
        #expect(state.stages[0].status == .failed && state.stages[0].startedAt == second(1))
        #expect(state.stages[1...].allSatisfy { $0.status == .skipped })
    }

    @Test func orderOfStepsIsTheRequests() {
        let state = fold(Stage.pipeline(.beforeStart), copy: .beforeStart)
        #expect(state.stages[3].name == "copying_files" && state.stages[3].status == .success)
        #expect(state.stages[5].status == .running)
    }

    @Test func progressNeverDecreases() {
        var state = fold([.validating, .pullingImage])
        state.apply(event(.validating, at: 9), id: 9)
        #expect(state.progress == 10)
    }

    @Test func eventThatWasAppliedOrComesAfterTheEndChangesNothing() {
        var state = fold([.validating, .pullingImage])
        let before = state
        state.apply(event(.preparingFiles, at: 9), id: 2)
        #expect(state == before)
        state.apply(event(.error, at: 10), id: 3)
        let end = state
        state.apply(event(.completed, at: 11), id: 4)
        #expect(state == end)
    }

    @Test(arguments: CopyOrder.allCases)
    func stateSurvivesItsTextAfterEveryEvent(_ copy: CopyOrder) throws {
        for end in [Stage.completed, .error, .cancelled, .superseded] {
            let stages = [.queued] + Stage.pipeline(copy) + [end]
            for count in 0...stages.count {
                let state = fold(Array(stages.prefix(count)), copy: copy)
                let json = try JSONValue(parsing: Array(state.json.text.utf8))
                #expect(DeploymentState(json: json) == state)
            }
        }
    }
}
