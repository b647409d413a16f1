import Deployments
import Terminal
import Testing

@Suite struct EventLinesTests {
    private let start = Timestamp(microseconds: 1_795_273_440_000_000)
    private let id = DeploymentID()

    private func event(
        _ stage: Stage,
        _ progress: Int,
        _ message: String,
        after seconds: Int64 = 0,
        _ detail: JSONValue? = nil,
        _ outcome: Event.Outcome? = nil
    ) -> Event {
        Event(
            deploymentID: id,
            timestamp: Timestamp(microseconds: start.microseconds + seconds * 1_000_000),
            message: message,
            stage: stage,
            progress: progress,
            detail: detail,
            outcome: outcome
        )
    }

    private func subject(
        _ detail: EventLines.Detail = .normal,
        namesRows: Bool = false,
        pulse: Int? = nil
    ) -> EventLines {
        EventLines(
            detail: detail,
            namesRows: namesRows,
            style: .plain,
            pulseSeconds: pulse
        ) { _ in 3600 }
    }

    private func bytes(_ done: Int64) -> JSONValue {
        ["bytes_done": .integer(done), "bytes_total": .integer(96_000_000)]
    }

    private var pull: [Event] {
        [
            event(.validating, 5, "Checking the engine"),
            event(.pullingImage, 10, "Pulling app:1", after: 1),
            event(.pullingImage, 12, "Pulling app:1 (1 of 96 MB)", after: 2, bytes(1_000_000)),
            event(.pullingImage, 18, "Pulling app:1 (41 of 96 MB)", after: 3, bytes(41_000_000)),
            event(.pullingImage, 18, "The engine does not answer; waiting for it", after: 4),
            event(.pullingImage, 18, "The engine does not answer; waiting for it", after: 5),
            event(.pullingImage, 19, "Pulling app:1 (42 of 96 MB)", after: 9, bytes(42_000_000)),
            event(.pullingImage, 30, "Pulled app:1 (96 MB)", after: 10, bytes(96_000_000)),
        ]
    }

    private func lines(_ subject: EventLines, _ events: [Event]) -> [String] {
        var subject = subject
        return events.enumerated().flatMap { index, event in
            subject.lines(for: event, id: Int64(index + 1), name: "shop")
        }
    }

    @Test func movementOfBytesAndRepetitionsAreNotTold() {
        #expect(
            lines(subject(), pull) == [
                "[16:04:00] ◇ Checking the engine",
                "[16:04:01] ↓ Pulling app:1",
                "[16:04:04] · The engine does not answer; waiting for it",
                "[16:04:10] · Pulled app:1 (96 MB)",
            ]
        )
    }

    @Test func everyEventIsToldWithItsPercentageWhereAllAreAskedFor() {
        let told = lines(subject(.all), pull).filter { $0.hasPrefix("[") }
        #expect(told.count == pull.count)
        #expect(told[2] == "[16:04:02] ·  12% Pulling app:1 (1 of 96 MB)")
    }

    @Test func detailStandsBelowTheLineWhereItIsAskedFor() {
        let started = event(
            .startingContainer,
            65,
            "Container started",
            [
                "container_id": "0123456789ab",
                "ports": ["frontend": .integer(32768), "backend": .integer(32769)],
            ]
        )
        #expect(
            lines(subject(.verbose), [started]) == [
                "[16:04:00] ▸ Container started",
                "             container id  0123456789ab",
                "             ports         frontend 32768, backend 32769",
            ]
        )
        #expect(lines(subject(), [started]).count == 1)
    }

    @Test func longMovementIsToldNowAndThenWhereThereIsNoBar() {
        let told = lines(subject(pulse: 5), pull)
        #expect(told[3] == "[16:04:09] · Pulling app:1 (42 of 96 MB)")
        #expect(told.count == 5)
    }

    @Test func outputGoesOnWithoutItsTitle() {
        let written = [["one", "two"], ["three"]].map { lines in
            event(.pullingImage, 12, "Building, step 1 of 2", ["output": .strings(lines)])
        }
        #expect(
            lines(subject(.verbose), written) == [
                "[16:04:00] ↓ Building, step 1 of 2",
                "             output",
                "             │ one",
                "             │ two",
                "             │ three",
            ]
        )
        #expect(lines(subject(), written).count == 1)
    }

    @Test func eventThatWasToldIsNotToldAgain() {
        var subject = subject()
        let event = event(.validating, 5, "Checking the engine")
        #expect(subject.lines(for: event, id: 7, name: "shop").count == 1)
        #expect(subject.lines(for: event, id: 7, name: "shop").isEmpty)
        #expect(subject.lines(for: event, id: 6, name: "shop").isEmpty)
    }

    @Test func namesStandInAColumnOfTheirOwn() {
        var subject = subject(namesRows: true)
        subject.expect("商店前端")
        let told = subject.lines(for: pull[0], id: 1, name: "shop")
        #expect(told == ["[16:04:00] ◇ shop      Checking the engine"])
    }

    private var failed: Event {
        let failure = Failure(
            code: .containerExited,
            stage: .healthCheck,
            message: "The container has exited.",
            hint: "See its log.",
            exitCode: 3,
            outputTail: ["one", "\u{1B}[2J[15:00:00] ✓ Deployment completed"],
            containerLogTail: ["boom", ""],
            undone: ["container removed", "name given back"],
            left: ["volume data"]
        )
        let result = DeploymentResult(success: false, message: "", containerName: "c", image: "i")
        return event(
            .error,
            100,
            "The container has exited.",
            nil,
            Event.Outcome(result: result, failure: failure)
        )
    }

    @Test func failureIsToldWithAllThatIsKnownOfIt() {
        #expect(
            lines(subject(), [failed]) == [
                "[16:04:00] ✗ The container has exited.",
                "             code       container_exited",
                "             stage      health check",
                "             exit code  3",
                "             hint       See its log.",
                "             undone     container removed",
                "                        name given back",
                "             left       volume data",
                "             output",
                "             │ one",
                "             │ [15:00:00] ✓ Deployment completed",
                "             container log",
                "             │ boom",
                "             │",
            ]
        )
    }

    private var completed: Event {
        var result = DeploymentResult(success: true, message: "", containerName: "c", image: "i")
        result.endpointURL = "http://localhost:1"
        result.urls = [
            "web": "http://localhost:1", "ai": "http://localhost:2", "x": "http://localhost:3",
        ]
        result.healthStatus = ["web": true, "ai": false]
        result.replaced = "0123456789ab"
        result.durations = [(.pullingImage, 8200)]
        return event(.completed, 100, "Done", nil, Event.Outcome(result: result))
    }

    @Test func successIsToldWithWhereItRuns() {
        #expect(
            lines(subject(), [completed]) == [
                "[16:04:00] ✓ Done",
                "             endpoint  http://localhost:1",
                "             ai        http://localhost:2  ✗ not healthy",
                "             x         http://localhost:3  not probed",
                "             replaced  container 0123456789ab",
            ]
        )
        let verbose = lines(subject(.verbose), [completed])
        #expect(verbose.contains("             took       pulling image 8.2s"))
    }

    private func watch(_ events: [Event], more: Int = 0) -> WatchState {
        var watch = WatchState()
        watch.add(id, name: "shop", environment: "prod", createdAt: start, copy: .afterStart)
        for number in 0..<more {
            let other = DeploymentID()
            let name = "app\(number)"
            watch.add(other, name: name, environment: "prod", createdAt: start, copy: .afterStart)
        }
        for (index, event) in events.enumerated() { watch.apply(event, id: Int64(index + 1)) }
        return watch
    }

    @Test func headerNamesWhatIsWatched() {
        let rule = String(repeating: "━", count: 60)
        #expect(
            subject().header(watch([])) == [
                rule, "Watching deployment: shop", "\(id.text) in prod", rule,
            ]
        )
        #expect(subject().header(watch([], more: 2))[1] == "Watching 3 deployments")
        #expect(subject().header(watch([]), width: 20)[0] == String(repeating: "━", count: 19))
        #expect(subject().header(watch([]), width: 200)[0] == rule)
    }

    @Test func footerTellsHowItEnded() {
        let now = Timestamp(microseconds: start.microseconds + 40_000_000)
        func verdict(_ events: [Event], more: Int = 0) -> String {
            subject().footer(watch(events, more: more), now: now)[1]
        }
        func end(_ stage: Stage) -> [Event] { [event(stage, 100, "m", after: 12)] }
        #expect(verdict([]) == "○ Deployment still queued after 40s")
        #expect(verdict(pull) == "● Deployment still running after 40s")
        #expect(verdict(end(.completed)) == "✓ Deployment completed in 12s")
        #expect(verdict([failed]) == "✗ Deployment failed after 0s: container_exited")
        #expect(verdict(end(.error)) == "✗ Deployment failed after 12s")
        #expect(verdict(end(.cancelled)) == "⊘ Deployment cancelled after 12s")
        #expect(verdict(end(.superseded)) == "⊘ Deployment superseded after 12s")
        #expect(verdict([failed], more: 1) == "✗ 1 failed, 1 queued in 40s")
        #expect(verdict(end(.completed), more: 2) == "○ 1 completed, 2 queued in 40s")
        #expect(subject().footer(WatchState(), now: now).count == 3)
    }

    @Test func nothingThatIsToldSteersTheTerminalOrBeginsALine() {
        var random = SeededGenerator(seed: 4)
        let margin = String(repeating: " ", count: 13)
        for _ in 0..<300 {
            for detail in EventLines.Detail.allCases {
                var subject = subject(detail, namesRows: true)
                for (index, stage) in Stage.allCases.enumerated() {
                    let event = random.event(id, stage, at: start)
                    let name = random.text()
                    let told = subject.lines(for: event, id: Int64(index + 1), name: name)
                    #expect(!told.contains(where: steersTerminal))
                    #expect(told.first?.hasPrefix("[16:04:00] ") == true)
                    #expect(told.dropFirst().allSatisfy { $0.utf8.starts(with: margin.utf8) })
                }
                let watch = random.watch(upTo: 1, at: start)
                let frame = subject.header(watch) + subject.footer(watch, now: start)
                #expect(!frame.contains(where: steersTerminal))
            }
        }
    }
}
