import Glibc
import Streams
import Subprocess
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CommandInputTests {
    @Test func theChildReadsEveryByteInOrder() async throws {
        let chunks = (0..<40).map { number in
            [UInt8]((0..<(number * 7919)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ number) })
        }
        let input = Chunks(chunks)
        let outcome = await quickRunner().run(script("cat", input: .stream), input: input)
        #expect(outcome.succeeded)
        #expect(outcome.output == chunks.flatMap { $0 })
        #expect(input.accepted == outcome.output.count)
    }

    @Test func bytesAreAskedForOnlyAsTheChildTakesThem() async throws {
        let input = Chunks(Array(repeating: [UInt8](repeating: 1, count: 65_536), count: 1000))
        let collected = Collected()
        let runner = quickRunner()
        let task = Task {
            await runner.run(
                script("echo ready; exec sleep 600", input: .stream, deadline: nil),
                input: input,
                onOutput: collected.take
            )
        }
        await collected.waitFor("ready")
        #expect(await eventually { input.accepted > 0 })
        task.cancel()
        _ = await task.value
        #expect(input.accepted < 2_000_000)
        #expect(input.asked < 100)
    }

    @Test func aChildThatReadsNoFurtherStopsTheInput() async throws {
        let input = Chunks(Array(repeating: [UInt8](repeating: 1, count: 65_536), count: 1000))
        let text = "head -c 100000 >/dev/null; exec <&-; sleep 0.1; exit 6"
        let outcome = await quickRunner().run(script(text, input: .stream), input: input)
        #expect(outcome.termination == .exited(6))
        #expect(outcome.inputFailure == nil)
        #expect(input.asked < 1000)
    }

    @Test func aBrokenInputEndsTheChildBeforeItCanThinkItComplete() async throws {
        let outcome = await quickRunner().run(
            script("cat >/dev/null; echo complete", input: .stream, deadline: nil),
            input: Broken()
        )
        #expect(outcome.inputFailure is Broken.Failure)
        #expect(!outcome.succeeded)
        #expect(outcome.termination == .signalled(SIGTERM))
        #expect(outcome.output.isEmpty)
    }

    @Test func aCancelledInputDoesNotLookComplete() async throws {
        let runner = quickRunner()
        let collected = Collected()
        let text = "trap '' TERM; echo ready; cat >/dev/null; echo complete"
        let task = Task {
            await runner.run(
                script(text, input: .stream, deadline: nil),
                input: Waiting(),
                onOutput: collected.take
            )
        }
        await collected.waitFor("ready")
        task.cancel()
        let outcome = await task.value
        #expect(outcome.cancelled)
        #expect(outcome.text == "ready\n")
    }

    @Test func anEmptyInputEndsAtOnce() async throws {
        let outcome = await quickRunner().run(
            script("wc -c", input: .stream),
            input: Chunks([])
        )
        #expect(outcome.text.split(separator: "\n") == ["0"])
    }
}

/// Gives chunks and counts what is asked for and taken.
private final class Chunks: ByteSource {
    private let chunks: [[UInt8]]
    private let state = Mutex((asked: 0, accepted: 0))

    init(_ chunks: [[UInt8]]) {
        self.chunks = chunks
    }

    var asked: Int { state.withLock { $0.asked } }
    var accepted: Int { state.withLock { $0.accepted } }

    func next() async -> [UInt8]? {
        let number = state.withLock { state in
            state.asked += 1
            return state.asked
        }
        return number <= chunks.count ? chunks[number - 1] : nil
    }

    func accepted(_ count: Int) {
        state.withLock { $0.accepted += count }
    }
}

/// Gives a little, then fails.
private final class Broken: ByteSource {
    struct Failure: Error {}

    private let given = Mutex(false)

    func next() async throws -> [UInt8]? {
        let isFirst = given.withLock { given in
            defer { given = true }
            return !given
        }
        guard isFirst else { throw Failure() }
        return Array("some".utf8)
    }
}

/// Has nothing to give until it is cancelled.
private struct Waiting: ByteSource {
    func next() async -> [UInt8]? {
        let never = AsyncStream<[UInt8]> { _ in }
        for await bytes in never { return bytes }
        return nil
    }
}
