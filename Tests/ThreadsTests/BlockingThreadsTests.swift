import Glibc
import Synchronization
import Testing
import Threads

/// A call that waits until it is let go, as one on a dead file server does.
private final class Gate: Sendable {
    private let ends: (reading: Int32, writing: Int32)

    init() {
        var pair: [Int32] = [0, 0]
        _ = unsafe pipe(&pair)
        ends = (pair[0], pair[1])
    }

    deinit {
        close(ends.reading)
        close(ends.writing)
    }

    func pass() {
        var byte: UInt8 = 0
        _ = unsafe read(ends.reading, &byte, 1)
    }

    func open(for count: Int = 1) {
        let bytes = [UInt8](repeating: 0, count: count)
        _ = unsafe write(ends.writing, bytes, count)
    }
}

@Suite struct BlockingThreadsTests {
    @Test func resultsAndErrorsComeBack() async throws {
        struct Odd: Error {}
        let threads = BlockingThreads()
        let sums = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await threads.run(for: "a", within: .seconds(60)) { _ in number }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sums == 199 * 200 / 2)
        await #expect(throws: Odd.self) {
            try await threads.run(for: "a", within: .seconds(60)) { _ in throw Odd() }
        }
    }

    @Test(.timeLimit(.minutes(1))) func threadsThatAreKeptRunTheNextCalls() async throws {
        let threads = BlockingThreads(kept: 1)
        var numbers: Set<pthread_t> = []
        for key in ["a", "b", "a", "c"] {
            numbers.insert(
                try await threads.run(for: key, within: .seconds(60)) { _ in pthread_self() }
            )
            // It waits for the next call a moment after it has answered.
            while threads.idleCount == 0 { try await Task.sleep(for: .milliseconds(1)) }
            #expect(threads.count == 1)
        }
        #expect(numbers.count == 1)
        // One that is kept does not keep the others from being started.
        let gate = Gate()
        async let held: Void = threads.run(for: "a", within: .seconds(60)) { _ in gate.pass() }
        let other = try await threads.run(for: "b", within: .seconds(60)) { _ in pthread_self() }
        gate.open()
        try await held
        #expect(other != 0)
    }

    @Test func whoIsCancelledGoesOnAlthoughTheCallDoesNotReturn() async throws {
        let threads = BlockingThreads()
        let gate = Gate()
        let (begun, begins) = AsyncStream.makeStream(of: BlockingThreads.Abandonment.self)
        let task = Task {
            try await threads.run(for: "a", within: .seconds(60)) { abandonment in
                begins.yield(abandonment)
                gate.pass()
            }
        }
        var iterator = begun.makeAsyncIterator()
        let abandonment = await iterator.next()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(abandonment?.isAbandoned == true)
        #expect(threads.count == 1)
        gate.open()
    }

    @Test func oneWhoseTimeIsOverGoesOn() async throws {
        let threads = BlockingThreads()
        let gate = Gate()
        await #expect(throws: BlockingThreads.Failure.timedOut) {
            try await threads.run(for: "a", within: .milliseconds(10)) { _ in gate.pass() }
        }
        gate.open()
    }

    @Test func callsOfOneKeyDoNotTakeTheThreadsOfAnother() async throws {
        let threads = BlockingThreads(threads: 4, threadsPerKey: 2)
        let gate = Gate()
        let stuck = (0..<8).map { _ in
            Task { try await threads.run(for: "dead", within: .seconds(60)) { _ in gate.pass() } }
        }
        let value = try await threads.run(for: "alive", within: .seconds(60)) { _ in 7 }
        #expect(value == 7)
        gate.open(for: 8)
        for task in stuck { try await task.value }
    }

    @Test func moreThanMayWaitAreRefused() async throws {
        let threads = BlockingThreads(threads: 1, threadsPerKey: 1, capacity: 1)
        let gate = Gate()
        let (begun, begins) = AsyncStream.makeStream(of: Void.self)
        let first = Task {
            try await threads.run(for: "a", within: .seconds(60)) { _ in
                begins.yield()
                gate.pass()
            }
        }
        var iterator = begun.makeAsyncIterator()
        await iterator.next()
        let second = Task {
            try await threads.run(for: "b", within: .milliseconds(50)) { _ in }
        }
        // Either is refused, whichever comes last; the other waits until its time is over.
        let third = Task {
            try await threads.run(for: "b", within: .milliseconds(50)) { _ in }
        }
        var failures: [BlockingThreads.Failure] = []
        for task in [second, third] {
            do {
                try await task.value
            } catch let failure as BlockingThreads.Failure {
                failures.append(failure)
            }
        }
        #expect(failures.contains(.full) && failures.contains(.timedOut))
        gate.open()
        try await first.value
    }
}
