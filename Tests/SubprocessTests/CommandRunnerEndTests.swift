import Foundation
import Glibc
import Subprocess
import Testing

/// Cancelling, descendants and what else ends a child.
@Suite(.timeLimit(.minutes(10)))
struct CommandRunnerEndTests {
    @Test func cancellingEndsTheWholeGroup() async throws {
        let runner = quickRunner()
        let collected = Collected()
        let task = Task {
            await runner.run(
                script("sleep 600 & echo pid $!; wait", deadline: nil),
                onOutput: collected.take
            )
        }
        await collected.waitFor("\n")
        task.cancel()
        let outcome = await task.value
        #expect(outcome.cancelled)
        #expect(outcome.termination == .signalled(SIGTERM))
        #expect(outcome.exitCode == 143)
        let grandchild = try #require(pid(collected.text))
        #expect(await eventually { isGone(grandchild) })
    }

    @Test func aChildThatIgnoresItsEndIsKilled() async throws {
        let runner = quickRunner()
        let collected = Collected()
        let text = "trap '' TERM; echo ready; while :; do sleep 600; done"
        let task = Task { await runner.run(script(text, deadline: nil), onOutput: collected.take) }
        await collected.waitFor("ready")
        task.cancel()
        let outcome = await task.value
        #expect(outcome.cancelled)
        #expect(outcome.termination == .signalled(SIGKILL))
    }

    @Test func aChildMaySayItsLastWordsWhenCancelled() async throws {
        let runner = quickRunner(grace: .seconds(20))
        let collected = Collected()
        let text = "trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.05; done"
        let task = Task { await runner.run(script(text, deadline: nil), onOutput: collected.take) }
        await collected.waitFor("ready")
        task.cancel()
        let outcome = await task.value
        #expect(outcome.termination == .exited(7))
        #expect(outcome.text == "ready\nbye\n")
    }

    @Test func aCancelledTaskStartsNothing() async throws {
        let runner = quickRunner()
        let task = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return await runner.run(script("echo started"))
        }
        let outcome = await task.value
        #expect(outcome.cancelled)
        #expect(outcome.exitCode == nil)
        #expect(outcome.output.isEmpty)
    }

    @Test func cancellingAtAnyMomentEndsTheRun() async throws {
        let runner = quickRunner()
        for pauses in 0..<40 {
            let task = Task { await runner.run(script("exec sleep 600", deadline: nil)) }
            for _ in 0..<(pauses * 50) { await Task.yield() }
            task.cancel()
            #expect(await task.value.cancelled)
        }
        #expect(await runner.running.isEmpty)
    }

    @Test func aGrandchildThatHoldsThePipesIsNotWaitedFor() async throws {
        let outcome = await quickRunner().run(script("sleep 600 & echo pid $!; exit 3"))
        #expect(outcome.termination == .exited(3))
        let grandchild = try #require(pid(outcome.text))
        #expect(await eventually { isGone(grandchild) })
    }

    @Test func aGrandchildWithoutThePipesIsNotWaitedForEither() async throws {
        let text = "sleep 600 >/dev/null 2>&1 & echo pid $!; exit 0"
        let outcome = await quickRunner().run(script(text))
        #expect(outcome.succeeded)
        let grandchild = try #require(pid(outcome.text))
        #expect(await eventually { isGone(grandchild) })
    }

    @Test func aGrandchildThatLeftTheGroupIsLetGo() async throws {
        // The script ends once the grandchild has said its number.
        let text = """
            trap 'exit 5' USR1
            PARENT=$$ setsid sh -c 'echo pid $$; kill -USR1 $PARENT; exec sleep 600' &
            while :; do sleep 0.01; done
            """
        let outcome = await quickRunner().run(script(text))
        #expect(outcome.termination == .exited(5))
        let grandchild = try #require(pid(outcome.text))
        #expect(!isGone(grandchild))
        kill(grandchild, SIGKILL)
    }

    @Test func aChildThatClosesItsOutputIsStillWaitedFor() async throws {
        let text = "exec >&- 2>&-; sleep 0.1; exit 9"
        #expect(await quickRunner().run(script(text)).termination == .exited(9))
    }

    @Test func aChildsOwnSignalIsReported() async throws {
        let outcome = await quickRunner().run(script("kill -SEGV $$"))
        #expect(outcome.termination == .signalled(SIGSEGV))
        #expect(!outcome.cancelled)
    }

    private func pid(_ text: String) -> pid_t? {
        text.split(separator: "\n").first { $0.hasPrefix("pid ") }.flatMap {
            pid_t($0.dropFirst(4))
        }
    }

    /// Whether there is no such process, or only its remainder that nobody has waited for.
    private func isGone(_ pid: pid_t) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else {
            return true
        }
        return stat.split(separator: ")").last?.hasPrefix(" Z") ?? true
    }
}
