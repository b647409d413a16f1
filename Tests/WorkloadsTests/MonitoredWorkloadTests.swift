import Deployments
import Docker
import Engine
import Probing
import Testing

@testable import Workloads

@Suite struct MonitoredWorkloadTests {
    let start = ContinuousClock.now
    let moment = Timestamp(microseconds: 5)

    /// What is told of it, one change after the other, until nothing is left.
    private func tell(_ workload: inout MonitoredWorkload) -> [WorkloadEvent] {
        var events: [WorkloadEvent] = []
        while let event = workload.change(at: moment) {
            events.append(event)
            workload.tell(event)
            guard events.count < 10 else { break }
        }
        return events
    }

    private func seen(_ subject: Subject = Subject()) throws -> MonitoredWorkload {
        var workload = try subject.followed(at: start)
        workload.see(try Subject.inspection("running"), at: start)
        return workload
    }

    private func later(_ seconds: Int) -> ContinuousClock.Instant {
        start + .seconds(seconds)
    }

    @Test func nothingIsToldBeforeTheFirstLookOrWhereNothingHasChanged() throws {
        var workload = try Subject().followed(at: start)
        #expect(tell(&workload).isEmpty && !workload.isUp && !workload.isProbed)
        workload.see(try Subject.inspection("running"), at: start)
        #expect(tell(&workload).isEmpty && workload.isUp && workload.isProbed)
        for second in 1...100 {
            workload.hear(
                ["frontend": .healthy, "backend": .refused],
                startedAt: "run 1",
                at: later(second)
            )
            workload.see(try Subject.inspection("running"), at: later(second))
            #expect(tell(&workload).isEmpty)
        }
    }

    @Test func deploymentWithoutSuccessIsNotFollowed() {
        let subject = Subject()
        let state = DeploymentState(createdAt: moment, copy: .afterStart)
        let workload = MonitoredWorkload(
            id: subject.id,
            request: subject.request.json,
            state: state,
            options: WorkloadOptions(),
            now: start
        )
        #expect(workload == nil)
    }

    @Test(arguments: [
        ("exited", 3, WorkloadState.stopped, "The program ended with exit code 3"),
        ("exited", 0, .stopped, "The program ended with exit code 0"),
        ("dead", 137, .stopped, "The program ended with exit code 137"),
        ("created", 127, .stopped, "The program ended with exit code 127"),
        (
            "restarting", 1, .restarting,
            "The program ended with exit code 1 and is being started again"
        ),
    ])
    func endIsTold(
        _ status: String,
        _ exitCode: Int,
        _ state: WorkloadState,
        _ message: String
    ) throws {
        var workload = try seen()
        workload.see(try Subject.inspection(status, exitCode: exitCode), at: later(1))
        let events = tell(&workload)
        #expect(events.map(\.state) == [state] && events.map(\.message) == [message])
        #expect(events.first?.exitCode == exitCode)
        #expect(events.first?.health == ["frontend": false, "backend": false])
        #expect(events.first?.endpoints == WorkloadEndpoints())
        #expect(!workload.isProbed)
    }

    @Test func wantOfMemoryIsNamed() throws {
        var workload = try seen()
        workload.see(try Subject.inspection("exited", exitCode: 137, oomKilled: true), at: later(1))
        #expect(tell(&workload).map(\.message).first?.contains("memory") == true)
    }

    @Test func removalKeepsTheExitStatusThatWasKnown() throws {
        var workload = try seen()
        workload.see(try Subject.inspection("exited", exitCode: 3), at: later(1))
        _ = tell(&workload)
        workload.see(nil, at: later(2))
        let events = tell(&workload)
        #expect(events.map(\.state) == [.removed] && events.first?.exitCode == 3)
    }

    @Test func endThatNoLookHasSeenBeforeTheRemovalIsTold() throws {
        var workload = try seen()
        workload.expectStop(until: later(70))
        _ = tell(&workload)
        workload.hearOfEnd(exitCode: 143)
        workload.see(nil, at: later(2))
        let events = tell(&workload)
        #expect(events.map(\.state) == [.stopped, .removed])
        #expect(events.map(\.exitCode) == [143, 143])
        #expect(events.first?.message == "The container has stopped")
    }

    @Test func containerThatIsBeingRemovedIsToldOnceItIsGone() throws {
        var workload = try seen()
        workload.see(try Subject.inspection("removing"), at: later(1))
        #expect(tell(&workload).isEmpty)
    }

    @Test func newStartReadsThePortsAnewAndProbesAtOnce() throws {
        var workload = try seen()
        workload.see(try Subject.inspection("restarting", exitCode: 1), at: later(1))
        _ = tell(&workload)
        workload.see(try Subject.inspection("running", run: 2), at: later(2))
        #expect(workload.nextProbe == later(2))
        let events = tell(&workload)
        #expect(events.map(\.state) == [.running] && events.first?.exitCode == nil)
        #expect(events.first?.endpoints.primary == "http://localhost:40002")
        #expect(events.first?.endpoints.urls["backend"] == "http://localhost:40003")
        #expect(
            events.first?.message
                == "The container was started again, frontend on 40002, backend on 40003"
        )
        workload.hear(
            ["frontend": .healthy, "backend": .refused],
            startedAt: "run 2",
            at: later(2)
        )
        let healthy = tell(&workload)
        #expect(healthy.map(\.message) == ["frontend is healthy"])
        #expect(healthy.first?.health == ["frontend": true, "backend": false])
    }

    @Test func restartThatNoLookHasSeenIsToldFromItsEvent() throws {
        var workload = try seen()
        workload.hearOfEnd(exitCode: 7)
        workload.see(try Subject.inspection("running", run: 2), at: later(1))
        let events = tell(&workload)
        #expect(events.map(\.state) == [.restarting, .running])
        #expect(events.map(\.exitCode) == [7, nil])
        #expect(events.map(\.endpoints.primary) == [nil, "http://localhost:40002"])
        #expect(events.last?.message.hasPrefix("The container was started again") == true)
        #expect(tell(&workload).isEmpty)
    }

    @Test func restartWithoutItsEventIsTold() throws {
        var workload = try seen()
        workload.see(try Subject.inspection("running", run: 2), at: later(1))
        #expect(tell(&workload).map(\.state) == [.running])
    }

    // MARK: Health

    @Test func requiredPortIsUnhealthyAfterTwoFailuresAndWellAfterOneSuccess() throws {
        var workload = try seen()
        workload.hear(
            ["frontend": .unhealthy("HTTP status 500")],
            startedAt: "run 1",
            at: later(1)
        )
        #expect(tell(&workload).isEmpty)
        workload.hear(["frontend": .healthy], startedAt: "run 1", at: later(2))
        workload.hear(["frontend": .refused], startedAt: "run 1", at: later(3))
        #expect(tell(&workload).isEmpty, "a success between them")
        workload.hear(
            ["frontend": .unhealthy("HTTP status 500")],
            startedAt: "run 1",
            at: later(4)
        )
        let sick = tell(&workload)
        #expect(sick.map(\.state) == [.unhealthy])
        #expect(sick.first?.message == "Not healthy: frontend (HTTP status 500)")
        #expect(sick.first?.health["frontend"] == false)
        workload.hear(["frontend": .refused], startedAt: "run 1", at: later(5))
        #expect(tell(&workload).isEmpty)
        workload.hear(["frontend": .healthy], startedAt: "run 1", at: later(6))
        let well = tell(&workload)
        #expect(well.map(\.state) == [.running])
        #expect(well.first?.message == "The container is healthy again")
    }

    @Test func portThatIsNotRequiredChangesHealthAlone() throws {
        var workload = try seen()
        workload.hear(["backend": .healthy], startedAt: "run 1", at: later(1))
        #expect(tell(&workload).map(\.message) == ["backend is healthy"])
        for second in 2...3 {
            workload.hear(["backend": .refused], startedAt: "run 1", at: later(second))
        }
        let events = tell(&workload)
        #expect(events.map(\.state) == [.running])
        #expect(
            events.first?.message
                == "backend is not healthy (nothing listens on the published port)"
        )
    }

    @Test(arguments: [
        (HealthPolicy.Requirement.none, WorkloadState.running), (.all, .unhealthy),
        (.named(["backend"]), .running), (.named(["frontend"]), .unhealthy),
    ])
    func whatIsRequiredIsTheDeploymentsOwn(
        _ requirement: HealthPolicy.Requirement,
        _ state: WorkloadState
    ) throws {
        var workload = try seen(Subject(require: requirement))
        for second in 1...2 {
            workload.hear(["frontend": .refused], startedAt: "run 1", at: later(second))
        }
        #expect(tell(&workload).map(\.state) == [state])
    }

    @Test func imagesOwnCheckCounts() throws {
        var workload = try seen()
        workload.see(try Subject.inspection("running", health: "starting"), at: later(1))
        #expect(tell(&workload).isEmpty)
        workload.see(try Subject.inspection("running", health: "unhealthy"), at: later(2))
        let events = tell(&workload)
        #expect(events.map(\.state) == [.unhealthy])
        #expect(events.first?.message == "Not healthy: the image's own check")
        workload.see(try Subject.inspection("running", health: "healthy"), at: later(3))
        #expect(tell(&workload).map(\.state) == [.running])
        var careless = try seen(Subject(require: .none))
        careless.see(try Subject.inspection("running", health: "unhealthy"), at: later(2))
        #expect(tell(&careless).isEmpty)
    }

    @Test func pausedContainerServesNobody() throws {
        var workload = try seen()
        workload.see(try Subject.inspection("paused"), at: later(1))
        let events = tell(&workload)
        #expect(events.map(\.state) == [.unhealthy] && !workload.isProbed)
        #expect(events.first?.message == "The container is paused")
        workload.see(try Subject.inspection("running"), at: later(2))
        #expect(tell(&workload).map(\.state) == [.running])
    }

    @Test func programThatHasJustBeenStartedHasTime() throws {
        var workload = try seen()
        workload.see(try Subject.inspection("running", run: 2), at: later(1))
        _ = tell(&workload)
        for second in 1...10 {
            workload.hear(["frontend": .refused], startedAt: "run 2", at: later(second))
            #expect(workload.nextProbe == later(second + 1), "asked again soon")
        }
        #expect(tell(&workload).isEmpty)
        workload.hear(["frontend": .refused], startedAt: "run 2", at: later(11))
        #expect(workload.nextProbe == later(21))
        workload.hear(["frontend": .refused], startedAt: "run 2", at: later(21))
        #expect(tell(&workload).map(\.state) == [.unhealthy])
    }

    @Test func answersOfAnEarlierRunMeanNothing() throws {
        var workload = try seen()
        workload.see(try Subject.inspection("running", run: 2), at: later(1))
        _ = tell(&workload)
        workload.hear(["frontend": .healthy], startedAt: "run 1", at: later(2))
        #expect(tell(&workload).isEmpty)
    }

    @Test func failuresBeforeTheEngineWasLostDoNotCount() throws {
        var workload = try seen()
        workload.hear(["frontend": .refused], startedAt: "run 1", at: later(1))
        workload.forgetFailures()
        workload.hear(["frontend": .refused], startedAt: "run 1", at: later(2))
        #expect(tell(&workload).isEmpty)
    }

    // MARK: Stopping

    @Test func stopIsToldWhileTheProgramRunsAndItsEndIsNoFailure() throws {
        var workload = try seen()
        workload.expectStop(until: later(70))
        let stopping = tell(&workload)
        #expect(stopping.map(\.state) == [.stopping] && !workload.isProbed)
        #expect(stopping.first?.endpoints.primary == "http://localhost:40000")
        workload.see(try Subject.inspection("running"), at: later(1))
        #expect(tell(&workload).isEmpty)
        workload.see(try Subject.inspection("exited", exitCode: 137), at: later(2))
        let stopped = tell(&workload)
        #expect(stopped.map(\.state) == [.stopped] && stopped.first?.exitCode == 137)
        #expect(stopped.first?.message == "The container has stopped")
        #expect(workload.stopEnd == nil)
    }

    @Test func stopThatTheProgramOutlivesIsOverAtItsEnd() throws {
        var workload = try seen()
        workload.expectStop(until: later(70))
        _ = tell(&workload)
        workload.see(try Subject.inspection("running"), at: later(69))
        #expect(tell(&workload).isEmpty)
        workload.see(try Subject.inspection("running"), at: later(70))
        let events = tell(&workload)
        #expect(events.map(\.state) == [.running])
        #expect(events.first?.message == "The container was told to stop, and still runs")
    }

    @Test func containerThatSomebodyRestartsIsNoLongerStopping() throws {
        var workload = try seen()
        workload.expectStop(until: later(600))
        _ = tell(&workload)
        workload.hearOfEnd(exitCode: 143)
        workload.see(try Subject.inspection("running", run: 2), at: later(1))
        #expect(tell(&workload).map(\.state) == [.running])
    }

    // MARK: After a restart of the server

    @Test(arguments: [
        (WorkloadState.running, "running", [WorkloadState]()), (.unhealthy, "running", []),
        (.stopped, "exited", []), (.stopped, "running", [.running]),
        (.restarting, "running", [.running]), (.running, "exited", [.stopped]),
        (.stopping, "running", []), (.stopping, "exited", [.stopped]),
        (.unhealthy, "restarting", [.restarting]),
    ])
    func whatIsToldAtTheFirstLookIsWhatHasChanged(
        _ reported: WorkloadState,
        _ status: String,
        _ states: [WorkloadState]
    ) throws {
        var subject = Subject()
        let endpoints = WorkloadEndpoints(
            primary: "http://localhost:40000",
            urls: ["frontend": "http://localhost:40000", "backend": "http://localhost:40001"]
        )
        let isUp = reported == .running || reported == .unhealthy || reported == .stopping
        subject.workload = WorkloadEvent(
            deploymentID: subject.id,
            timestamp: moment,
            message: "",
            state: reported,
            health: ["frontend": reported == .running || reported == .stopping, "backend": false],
            exitCode: isUp ? nil : 1,
            endpoints: isUp ? endpoints : WorkloadEndpoints()
        )
        var workload = try subject.followed(at: start)
        workload.see(try Subject.inspection(status, exitCode: 1), at: start)
        #expect(tell(&workload).map(\.state) == states)
    }

    @Test func firstProbesAreSpreadOut() throws {
        let subject = Subject()
        let moments = try (0..<100).map { _ in try subject.followed(at: start).nextProbe }
        #expect(moments.allSatisfy { $0 >= start && $0 < later(10) })
        #expect(Set(moments).count > 50)
    }

    @Test func whatHappenedBeforeItsRunBeganIsOfAnEarlierRun() throws {
        var workload = try Subject().followed(at: start)
        let run = try #require(EventTime(text: "2026-11-29T15:44:04.5Z"))
        let before = EventTime(nanoseconds: run.nanoseconds - 1)
        #expect(!workload.hasStarted(since: before))
        var container = try Subject.inspection("running")
        container.startedAt = "2026-11-29T15:44:04.5Z"
        workload.see(container, at: start)
        #expect(workload.hasStarted(since: before) && !workload.hasStarted(since: run))
        workload.see(try Subject.inspection("exited"), at: later(1))
        #expect(!workload.hasStarted(since: before))
    }
}
