import Synchronization
import Testing

@testable import Threads

@Suite(.timeLimit(.minutes(10)))
struct AlarmTests {
    @Test func anAlarmCallsOnce() async {
        let calls = AsyncStream.makeStream(of: Void.self)
        let alarm = Alarm(after: .milliseconds(1)) { calls.continuation.yield() }
        for await _ in calls.stream { break }
        alarm.cancel()
    }

    @Test func whatACancelledAlarmHoldsIsLetGo() async throws {
        let (ends, continuation) = AsyncStream.makeStream(of: Void.self)
        let alarm = Alarm(after: .seconds(3600)) { [held = Held(continuation)] in held.use() }
        alarm.cancel()
        for await _ in ends { break }
    }

    @Test func aPauseEndsWithItsTimeOrItsTask() async throws {
        try await Task.pause(for: .milliseconds(1))
        try await Task.pause(for: .seconds(-1))
        let task = Task { try await Task.pause(for: .seconds(Int64.max)) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        await #expect(throws: CancellationError.self) {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            try await Task.pause(until: .now + .seconds(3600))
        }
    }

    /// Tells of its end.
    private final class Held: Sendable {
        private let continuation: AsyncStream<Void>.Continuation

        init(_ continuation: AsyncStream<Void>.Continuation) {
            self.continuation = continuation
        }

        deinit {
            continuation.yield()
        }

        func use() {}
    }
}
