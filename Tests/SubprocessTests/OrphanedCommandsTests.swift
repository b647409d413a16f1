import Foundation
import Glibc
import Subprocess
import Testing

@Suite(.timeLimit(.minutes(10)))
struct OrphanedCommandsTests {
    @Test func onlyTheOwnersCommandsAreEnded() async throws {
        let owner = "/data/\(UUID().uuidString)"
        let mine = runner(owner)
        let others = runner("\(owner)-other")
        let (collected, otherCollected) = (Collected(), Collected())
        let text = "echo ready; exec sleep 600"
        async let ended = mine.run(script(text, deadline: nil), onOutput: collected.take)
        let other = Task {
            await others.run(script(text, deadline: nil), onOutput: otherCollected.take)
        }
        await collected.waitFor("ready")
        await otherCollected.waitFor("ready")
        #expect(await OrphanedCommands(owner: owner).end() == 1)
        #expect(await ended.termination == .signalled(SIGTERM))
        #expect(await others.running.count == 1)
        other.cancel()
        _ = await other.value
        #expect(await OrphanedCommands(owner: owner).end() == 0)
    }

    @Test func aCommandThatIgnoresItIsKilledAndItsChildrenToo() async throws {
        let owner = "/data/\(UUID().uuidString)"
        let runner = runner(owner)
        let collected = Collected()
        let text = "trap '' TERM; sleep 600 & echo ready; while :; do sleep 600; done"
        async let ended = runner.run(script(text, deadline: nil), onOutput: collected.take)
        await collected.waitFor("ready")
        #expect(await OrphanedCommands(owner: owner).end(grace: .milliseconds(100)) >= 2)
        #expect(await ended.termination == .signalled(SIGKILL))
        #expect(await OrphanedCommands(owner: owner).end() == 0)
    }

    private func runner(_ owner: String) -> CommandRunner {
        CommandRunner(
            owner: owner,
            patience: .milliseconds(200)
        )
    }
}
