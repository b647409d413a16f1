import Glibc
import Synchronization
import Testing

@testable import Subprocess

/// Commands that are to end with the program that runs them.
@Suite(.timeLimit(.minutes(10)))
struct EndWithProgramTests {
    /// All that the runner holds is closed, as it is when its program ends: the child is killed,
    /// though it ignores every signal that it can.
    @Test func childIsKilledOnceTheRunnersEndIsClosed() async throws {
        var command = script("trap '' 1 2 15 29; exec sleep 600")
        command.endsWithProgram = true
        let end = AsyncStream.makeStream(of: Termination.self)
        let launch = Launch(command) { end.continuation.yield($0) }
        do {
            let started = try await launch.run(within: .seconds(60))
            #expect(started.pid > 0)
        }
        for await termination in end.stream {
            #expect(termination == .signalled(SIGKILL))
            return
        }
    }

    @Test func errorsAreReadMeanwhileAndEndNothing() async {
        let runner = quickRunner()
        var command = script(
            "for n in 1 2 3; do echo $n >&2; sleep 0.05; done; head -c 300000 /dev/zero >&2; exit 3"
        )
        command.endsWithProgram = true
        command.errorLimit = 1 << 20
        let outcome = await runner.run(command)
        #expect(outcome.termination == .exited(3))
        #expect(outcome.errors.starts(with: Array("1\n2\n3\n".utf8)))
        #expect(outcome.errors.count == 300_006)
    }
}
