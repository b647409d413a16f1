import Subprocess
import Testing

/// What a runner counts.
@Suite(.timeLimit(.minutes(10)))
struct CommandStatisticsTests {
    @Test func commandsAreCountedByNameAndEnd() async throws {
        let runner = quickRunner()
        for text in ["exit 0", "exit 0", "exit 3", "kill -9 $$"] {
            _ = await runner.run(script(text))
        }
        _ = await runner.run(script("sleep 600", deadline: .milliseconds(50)))
        let collected = Collected()
        let task = Task {
            await runner.run(script("echo ready; sleep 600"), onOutput: collected.take)
        }
        await collected.waitFor("ready")
        #expect(await runner.statistics.running == 1)
        task.cancel()
        _ = await task.value
        #expect(
            await counts(runner) == ["success": 2, "failed": 2, "timed_out": 1, "cancelled": 1]
        )
        #expect(await runner.statistics.running == 0)
    }

    @Test func aProgramThatIsNotThereIsCounted() async throws {
        let runner = quickRunner()
        _ = await runner.run(Command("/no/such/program", [], name: "start"))
        #expect(await runner.statistics.ends.map(\.key.name) == ["start"])
        #expect(await counts(runner) == ["not_started": 1])
    }

    private func counts(_ runner: CommandRunner) async -> [String: Int] {
        let ends = await runner.statistics.ends
        return Dictionary(uniqueKeysWithValues: ends.map { ($0.key.outcome.rawValue, $0.value) })
    }
}
