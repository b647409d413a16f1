import Deployments
import Docker
import Engine
import Foundation
import Journal
import Testing

@testable import Workloads

@Suite(.serialized) struct WorkloadMonitorTests {
    private let subject = Subject()

    private func event(_ action: String, _ more: String = "") -> String {
        #"{"Type":"container","Action":"\#(action)","Actor":{"ID":"\#(Subject.container)","#
            + #""Attributes":{"slipway.deployment":"\#(subject.id)"\#(more)}},"time":1}"#
    }

    private func line(_ status: String, run: Int = 1, exitCode: Int = 0) -> String {
        Subject.line(status, run: run, exitCode: exitCode, label: subject.id.text)
    }

    /// Has the engine tell these events, and then nothing.
    private func tell(_ engine: FakeEngine, _ lines: [String]) throws {
        try engine.answer("events", "echo '\(lines.joined(separator: "\n"))'\nexec sleep 600")
    }

    // MARK: The engine

    @Test func nothingIsWrittenWhileTheEngineIsAwayAndItIsNotedOnce() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            let refusal = "Cannot connect to the Docker daemon at unix:///x. Is it running?"
            try engine.answer("info", "echo '\(refusal)' >&2; exit 1")
            try engine.show([])
            try await engine.eventually("asked again and again") {
                engine.calls("info").count >= 4
            }
            #expect(engine.events.isEmpty && engine.notes.count == 1, "\(engine.notes)")
            #expect(try await engine.journal.workloads().count == 1)
            try engine.answer("info", #"echo '"2026-11-21T10:30:00Z"'"#)
            try await engine.eventually("removed") { engine.states == [.removed] }
            try await engine.eventually("noted") {
                engine.notes.last == "the containers are followed again"
            }
        }
    }

    @Test func engineThatIsLostDuringALookSaysNothingOfTheContainers() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer("events", "echo '\(event("die"))'; exec sleep 600")
            try await engine.eventually("looked at") { engine.calls("container-inspect").count > 1 }
            try engine.answer(
                "container-inspect",
                "echo 'Error response from daemon: dial unix: connection refused' >&2; exit 1"
            )
            let calls = engine.calls("container-inspect").count
            await engine.monitor.mark(subject.id)
            try await engine.eventually("looked at again") {
                engine.calls("container-inspect").count >= calls + 2
            }
            #expect(engine.events.isEmpty)
            try engine.show([line("exited", exitCode: 2)])
            try await engine.eventually("stopped") { engine.states == [.stopped] }
        }
    }

    @Test func everythingIsLookedAtAgainAfterTheEventsHaveEnded() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer("events", "read line </dev/null; sleep 0.2; exit 1")
            try await engine.eventually("followed") { engine.calls("container-inspect").count > 0 }
            try engine.show([line("exited", exitCode: 1)])
            try await engine.eventually("stopped") { engine.states == [.stopped] }
            // The first look may have been the one that saw it.
            try await engine.eventually("followed again") { engine.calls("events").count > 1 }
            let since = engine.calls("events").allSatisfy { call in
                call.contains("--since=2026-11-21T10:30:00.123456789Z")
                    && call.contains("--filter=label=slipway.deployment")
                    && !call.contains("exec")
            }
            #expect(since)
        }
    }

    @Test func containerThatFlapsIsLookedAtAFewTimesASecond() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            // A hundred runs a second, of which each look sees another.
            try engine.answer(
                "events",
                """
                n=0; while [ $n -lt 200 ]; do n=$((n + 1)); i=0
                while [ $i -lt 20 ]; do i=$((i + 1)); echo '\(event("die", #","exitCode":"1""#))'
                echo '\(event("start"))'; done; sleep 0.1; done
                """
            )
            let numbered = line("running", run: 1).replacing("run 1", with: "run '$call'")
            try engine.answer("container-inspect", "echo '\(numbered)'")
            let start = ContinuousClock.now
            try await engine.eventually("told of") { engine.states.count >= 8 }
            let looks = engine.calls("container-inspect").count
            let elapsed = ContinuousClock.now - start
            #expect(Double(looks) <= elapsed / .milliseconds(300) + 3, "\(looks) in \(elapsed)")
            #expect(engine.states.count <= 2 * looks)
        }
    }

    @Test func newSuccessIsFollowedAtOnce() async throws {
        try await FakeEngine.with { engine in
            try engine.show([line("exited", exitCode: 5)])
            try await engine.eventually("followed") { engine.calls("events").count == 1 }
            try await engine.create(subject)
            try await engine.eventually("stopped") { engine.states == [.stopped] }
            #expect(engine.calls("events").count == 1)
        }
    }

    @Test func killByAHandIsToldAsStopping() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer(
                "events",
                """
                while [ ! -e "$FAKE_DOCKER_DIR/go" ]; do sleep 0.01; done
                echo '\(event("kill", #","signal":"15""#))'; exec sleep 600
                """
            )
            try await engine.eventually("looked at") { engine.calls("container-inspect").count > 0 }
            // A second look begins when the first one is over.
            await engine.monitor.mark(subject.id)
            try await engine.eventually("followed") { engine.calls("container-inspect").count > 1 }
            try engine.answer("go", "")
            try await engine.eventually("stopping") { engine.states == [.stopping] }
            try engine.show([line("exited", exitCode: 143)])
            await engine.monitor.mark(subject.id)
            try await engine.eventually("stopped") { engine.states == [.stopping, .stopped] }
        }
    }

    // MARK: What deployments tell

    /// Runs with a workload that is followed, and another deployment that is not at its end.
    private func withStarting(
        events: String,
        _ body: (FakeEngine, Subject) async throws -> Void
    ) async throws {
        let other = Subject()
        try await FakeEngine.with([(other, .completed), (subject, .healthCheck)]) { engine in
            try engine.show([line("running")])
            try engine.answer("events", events)
            try await engine.eventually("looked at") { engine.calls("container-inspect").count > 0 }
            // A second look begins when the first one is over.
            await engine.monitor.mark(other.id)
            try await engine.eventually("followed") { engine.calls("container-inspect").count > 1 }
            try await body(engine, other)
        }
    }

    @Test func containerThatItsDeploymentHasSeenIsNotLookedAt() async throws {
        try await withStarting(events: "exec sleep 600") { engine, other in
            let looks = engine.calls("container-inspect").count
            engine.monitor.publish(.started(try Subject.inspection("running"), of: subject.id))
            _ = try await engine.journal.append(subject.final(), durability: .durable)
            try await engine.eventually("followed") {
                await engine.monitor.workloads[subject.id]?.isProbed == true
            }
            #expect(engine.calls("container-inspect").count == looks)
            #expect(engine.states.isEmpty)
        }
    }

    @Test func containerThatHasEndedSinceItWasSeenIsLookedAt() async throws {
        let events = """
            while [ ! -e "$FAKE_DOCKER_DIR/go" ]; do sleep 0.01; done
            echo '\(event("start"))'; echo '\(event("die", #","exitCode":"1""#))'; exec sleep 600
            """
        try await withStarting(events: events) { engine, other in
            engine.monitor.publish(.started(try Subject.inspection("running"), of: subject.id))
            try engine.show([line("exited", exitCode: 1)])
            try engine.answer("go", "")
            // The event comes before the deployment's end, or after it.
            _ = try await engine.journal.append(subject.final(), durability: .durable)
            try await engine.eventually("stopped") { engine.states.last == .stopped }
        }
    }

    @Test func containerThatIsReplacedIsToldByTheEngineAlone() async throws {
        let events = """
            while [ ! -e "$FAKE_DOCKER_DIR/go" ]; do sleep 0.01; done
            echo '\(event("kill", #","signal":"15""#))'; sleep 0.05
            echo '\(event("die", #","exitCode":"143""#))'; sleep 0.05
            echo '\(event("destroy"))'; exec sleep 600
            """
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer("events", events)
            try await engine.eventually("looked at") { engine.calls("container-inspect").count > 0 }
            await engine.monitor.mark(subject.id)
            try await engine.eventually("followed") { engine.calls("container-inspect").count > 1 }
            let looks = engine.calls("container-inspect").count
            engine.monitor.publish(.replaced(Subject.container, by: DeploymentID()))
            try engine.answer("go", "")
            try await engine.eventually("removed") {
                engine.states == [.stopping, .stopped, .removed]
            }
            #expect(engine.calls("container-inspect").count == looks)
        }
    }

    @Test func containerThatIsReplacedBeforeItsSuccessWasHeardOfIsToldAllTheSame() async throws {
        let events = """
            while [ ! -e "$FAKE_DOCKER_DIR/go" ]; do sleep 0.01; done
            echo '\(event("kill", #","signal":"15""#))'
            echo '\(event("die", #","exitCode":"143""#))'
            echo '\(event("destroy"))'; exec sleep 600
            """
        try await withStarting(events: events) { engine, other in
            // While the monitor waits for the engine, it hears of nothing.
            try engine.answer(
                "container-inspect",
                #"until [ -e "$FAKE_DOCKER_DIR/free" ]; do sleep 0.01; done; exit 1"#
            )
            let looks = engine.calls("container-inspect").count
            await engine.monitor.mark(other.id)
            try await engine.eventually("held") { engine.calls("container-inspect").count > looks }
            engine.monitor.publish(.started(try Subject.inspection("running"), of: subject.id))
            _ = try await engine.journal.append(subject.final(), durability: .durable)
            engine.monitor.publish(.replaced(Subject.container, by: DeploymentID()))
            try engine.answer("go", "")
            // Nothing shows that the monitor has got the events but what it does with them.
            try await Task.sleep(for: .milliseconds(300))
            try engine.answer("free", "")
            try await engine.eventually("removed") {
                engine.states.suffix(2) == [.stopped, .removed]
            }
        }
    }

    @Test func containerThatWasToBeReplacedAndIsStillThereIsLookedAt() async throws {
        try await withStarting(events: "exec sleep 600") { engine, other in
            engine.monitor.publish(.replaced(Subject.container, by: subject.id))
            try engine.show([line("exited")])
            _ = try await engine.journal.append(subject.final(.error), durability: .durable)
            try await engine.eventually("stopped") { engine.states.contains(.stopped) }
        }
    }

    // MARK: Control

    @Test func stopIsToldAtOnceAndAFailedOneIsTakenBack() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer("stop", "echo 'Error response from daemon: oops' >&2; exit 1")
            try await engine.monitor.stop(subject.id, timeoutSeconds: 5)
            #expect(engine.states.first == .stopping)
            try await engine.eventually("taken back") { engine.states == [.stopping, .running] }
            #expect(engine.notes.contains { $0.contains("could not be stopped") })
        }
    }

    @Test func stopsAtOnceAreAllAnsweredAndOnlyAnEarlierEndTakesACommand() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer("stop", "exec sleep 600")
            try await engine.monitor.stop(subject.id, timeoutSeconds: 100)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask { [subject] in
                        try await engine.monitor.stop(subject.id, timeoutSeconds: 200)
                    }
                }
                try await group.waitForAll()
            }
            try await engine.monitor.stop(subject.id, timeoutSeconds: 0)
            try await engine.eventually("two commands") { engine.calls("stop").count == 2 }
            #expect(engine.calls("stop").last?.contains("\n0\n") == true)
            #expect(engine.states == [.stopping])
        }
    }

    @Test func whatCannotBeDoneIsNamed() async throws {
        let failed = Subject()
        let unfinished = Subject()
        try await FakeEngine.with(
            [(subject, .completed), (failed, .error), (unfinished, .validating)]
        ) { engine in
            try engine.show([line("running")])
            let monitor = engine.monitor
            #expect(
                await why { try await monitor.stop(DeploymentID(), timeoutSeconds: 1) }
                    == "unknown"
            )
            #expect(
                await why { try await monitor.stop(failed.id, timeoutSeconds: 1) }
                    == "noContainer(Deployments.DeploymentStatus.failed)"
            )
            #expect(
                await why { try await monitor.start(unfinished.id) }
                    == "noContainer(Deployments.DeploymentStatus.inProgress)"
            )
            #expect(await why { try await monitor.start(subject.id) } == "alreadyRunning")
            try engine.show([line("exited")])
            #expect(
                await why { try await monitor.stop(subject.id, timeoutSeconds: 1) } == "notRunning"
            )
            // One of the same container name is at work.
            let busy = await why { try await monitor.start(subject.id) }
            #expect(busy == "beingReplaced(by: Optional(\(unfinished.id)))")
            try engine.show([])
            let removed = await why { try await monitor.start(subject.id) }
            #expect(removed == "removed(replacedBy: nil)")
            #expect(await why { try await monitor.start(subject.id) } == removed)
        }
    }

    @Test func engineThatFailsIsNamedWithItsHint() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("exited")])
            try engine.answer(
                "start",
                "echo 'Error response from daemon: driver failed: Bind for 127.0.0.1:80 failed:"
                    + " port is already allocated' >&2; exit 1"
            )
            do {
                try await engine.monitor.start(subject.id)
                Issue.record("it must fail")
            } catch WorkloadError.engine(let failure) {
                #expect(failure.code == .portInUse && !failure.hint.isEmpty)
            }
            try engine.answer(
                "container-inspect",
                "echo 'Cannot connect to the Docker daemon at unix:///x.' >&2; exit 1"
            )
            do {
                try await engine.monitor.stop(subject.id, timeoutSeconds: 1)
                Issue.record("it must fail")
            } catch WorkloadError.engine(let failure) {
                #expect(failure.code == .dockerUnavailable)
            }
        }
    }

    // MARK: What failed deployments have left

    @Test func sweepTakesWhatFailedDeploymentsHaveLeftAndNothingElse() async throws {
        let (failed, cancelled, running) = (Subject(), Subject(), Subject())
        func left(_ character: Character, _ label: String) -> String {
            Subject.line("running", id: String(repeating: character, count: 64), label: label)
        }
        try await FakeEngine.with([(subject, .completed)]) { engine in
            // The seventh is a copy of what a failed deployment had created.
            for (created, stage, digit) in [
                (failed, Stage.error, "1"), (cancelled, .cancelled, "2"),
                (running, .healthCheck, "3"),
            ] {
                let container = String(repeating: digit, count: 64)
                try await engine.create(created, stage, owning: container)
            }
            let before = engine.events.count
            try engine.show([
                line("running"), left("1", failed.id.text), left("2", cancelled.id.text),
                left("3", running.id.text), left("4", DeploymentID().text),
                left("5", "somebody else"), left("6", subject.id.text),
                left("7", failed.id.text),
            ])
            try await engine.eventually("followed") { engine.calls("events").count == 1 }
            try await engine.eventually("looked at") { engine.calls("container-inspect").count > 0 }
            #expect(engine.calls("rm").isEmpty, "not yet")
            await engine.monitor.allowSweep()
            try await engine.eventually("swept and reported") { engine.notes.count == 6 }
            #expect(engine.calls("rm").count == 2)
            for digit in ["1", "2"] {
                let id = String(repeating: digit, count: 64)
                #expect(engine.calls("rm").contains { $0.contains(id) })
            }
            #expect(engine.notes.filter { $0.contains("left alone") }.count == 4)
            #expect(engine.events.count == before)
        }
    }

    @Test func sweepTakesWhatWasReplacedAndOnlySetAside() async throws {
        var newer = Subject()
        newer.replaced = Subject.container
        let aside = "shop.replaced-12345678"
        let line = Subject.line("running", name: aside, label: subject.id.text)
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line])
            await engine.monitor.allowSweep()
            try await engine.eventually("looked at") { engine.calls("container-inspect").count > 1 }
            #expect(engine.calls("rm").isEmpty, "perhaps it still serves")
        }
        try await FakeEngine.with([(subject, .completed), (newer, .completed)]) { engine in
            try engine.show([line])
            await engine.monitor.allowSweep()
            try await engine.eventually("removed") { engine.calls("rm").count == 1 }
        }
    }

    @Test func containerThatWasTakenForRemovedIsFollowedAgain() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([])
            try await engine.eventually("removed") { engine.states == [.removed] }
            try engine.show([line("running")])
            await engine.monitor.allowSweep()
            try await engine.eventually("running") { engine.states == [.removed, .running] }
        }
    }

    // MARK: Logs

    /// Whether there is a log to be read is asked first.
    private let probed = #"case "$*" in *--tail=0*) exit 0 ;; esac; "#

    @Test func logIsReadWithoutTheContainersSecrets() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer("logs", probed + #"printf 'one hunter2\ntwo\nhunter2 three'"#)
            // The format of one command tells it from the other.
            try engine.answer("container-inspect", #"echo '["TOKEN=hunter2","PATH=/bin"]'"#)
            let log = try await engine.monitor.log(of: subject.id, lines: 7, follow: true)
            let lines = Collected()
            await log.read { lines.take($0) }
            #expect(lines.all == ["one ***", "two", "*** three"])
            #expect(engine.calls("logs").last?.contains("--follow\n--tail=7") == true)
        }
    }

    @Test func logIsNotReadWhereItsSecretsAreNotKnown() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer("container-inspect", #"echo '["PATH=/bin"]'"#)
            try engine.answer("logs", probed)
            let reason = await why {
                _ = try await engine.monitor.log(of: subject.id, lines: 7, follow: false)
            }
            #expect(reason.hasPrefix("engine("))
            #expect(engine.calls("logs").allSatisfy { $0.contains("--tail=0") })
        }
    }

    @Test func readerWhoLeavesEndsTheCommand() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer("container-inspect", #"echo '["TOKEN=hunter2"]'"#)
            try engine.answer("logs", probed + "while :; do echo line; done")
            let log = try await engine.monitor.log(of: subject.id, lines: 7, follow: true)
            let lines = Collected()
            await log.read { batch in
                lines.take(batch)
                return lines.all.count < 1000
            }
            #expect(lines.all.count >= 1000 && lines.all.count < 200_000)
        }
    }

    @Test func logsAreLimitedInNumber() async throws {
        try await FakeEngine.with([(subject, .completed)]) { engine in
            try engine.show([line("running")])
            try engine.answer("container-inspect", #"echo '["TOKEN=hunter2"]'"#)
            try engine.answer("logs", probed)
            var logs: [WorkloadLog] = []
            for _ in 0..<WorkloadOptions().mostLogs {
                logs.append(
                    try await engine.monitor.log(of: subject.id, lines: 1, follow: false)
                )
            }
            let reason = await why {
                _ = try await engine.monitor.log(of: subject.id, lines: 1, follow: false)
            }
            #expect(reason == "tooManyLogs")
            // Another tenant has its share all the same.
            let slot = await engine.monitor.logs.take(for: "another")
            #expect(slot != nil)
            logs.removeLast(2)
            _ = try await engine.monitor.log(of: subject.id, lines: 1, follow: false)
            withExtendedLifetime(slot) {}
        }
    }

    @Test func deploymentsThatHaveNoContainerHaveNoLog() async throws {
        let failed = Subject()
        try await FakeEngine.with([(subject, .completed), (failed, .error)]) { engine in
            try engine.show([])
            for (id, expected) in [
                (failed.id, "noContainer(Deployments.DeploymentStatus.failed)"),
                (subject.id, "removed(replacedBy: nil)"), (DeploymentID(), "unknown"),
            ] {
                let reason = await why {
                    _ = try await engine.monitor.log(of: id, lines: 1, follow: false)
                }
                #expect(reason == expected)
            }
        }
    }
}

/// What an operation was refused with, as it describes itself; empty if it was not.
private func why(_ body: () async throws -> Void) async -> String {
    do {
        try await body()
        return ""
    } catch {
        return "\(error)"
    }
}
