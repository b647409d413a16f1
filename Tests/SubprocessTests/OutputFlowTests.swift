import Foundation
import Streams
import Subprocess
import Testing

struct OutputFlowTests {
    @Test func commandWhoseReaderIsBehindWaitsAndLosesNothing() async throws {
        let runner = quickRunner()
        let output = Collected()
        let flow = OutputFlow(limit: 10_000)
        let megabyte = 1 << 20
        async let outcome = runner.run(
            script("head -c \(megabyte) /dev/zero; echo end", outputLimit: 0),
            onOutput: output.take,
            flow: flow
        )
        // No more is read than the limit, one read and the pipe hold before it is dealt with.
        #expect(await eventually { output.bytes.count > 10_000 })
        var taken = 0
        while taken < megabyte {
            let count = output.bytes.count
            #expect(count - taken <= 10_000 + 2 * 65_536)
            flow.took(count - taken)
            taken = count
            if taken < megabyte { #expect(await eventually { output.bytes.count > taken }) }
        }
        #expect(await outcome.succeeded)
        #expect(output.bytes.count == megabyte + 4)
    }

    @Test func commandThatHasEndedIsReadToItsEndThoughNobodyTakesIt() async throws {
        let runner = quickRunner()
        let output = Collected()
        let outcome = await runner.run(
            script("head -c 30000 /dev/zero"),
            onOutput: output.take,
            flow: OutputFlow(limit: 100)
        )
        #expect(outcome.succeeded && output.bytes.count == 30_000)
    }

    @Test func commandThatIsHeldBackCanBeCancelled() async throws {
        let runner = quickRunner()
        let output = Collected()
        let running = Task {
            await runner.run(
                script("cat /dev/zero", deadline: nil, outputLimit: 0),
                onOutput: output.take,
                flow: OutputFlow(limit: 1000)
            )
        }
        #expect(await eventually { output.bytes.count > 1000 })
        running.cancel()
        #expect(await running.value.cancelled)
        #expect(output.bytes.count < 1 << 20)
    }
}
