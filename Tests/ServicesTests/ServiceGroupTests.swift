import Services
import Synchronization
import Testing

@Suite struct ServiceGroupTests {
    private struct Broken: Error {}

    /// Lines that several tasks write.
    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        func add(_ line: String) { lines.withLock { $0.append(line) } }
        var all: [String] { lines.withLock { $0 } }
    }

    /// A service that notes what becomes of it, and runs until its task is cancelled.
    private func service(_ name: String, _ lines: Lines, failsToStart: Bool = false) -> Service {
        Service(
            name,
            stopLimit: .seconds(600),
            start: {
                if failsToStart { throw Broken() }
                lines.add("start \(name)")
            },
            run: {
                let (never, _) = AsyncStream.makeStream(of: Void.self)
                for await _ in never {}
                lines.add("end \(name)")
            }
        )
    }

    @Test func servicesStopInTheOppositeOrder() async throws {
        let (lines, notes) = (Lines(), Lines())
        var group = ServiceGroup { notes.add($0) }
        for name in ["a", "b", "c"] { group.add(service(name, lines)) }
        try await group.run { lines.add("work") }
        #expect(
            lines.all == ["start a", "start b", "start c", "work", "end c", "end b", "end a"]
        )
        #expect(notes.all.isEmpty)
    }

    @Test func startThatFailsStopsWhatWasStarted() async throws {
        let (lines, notes) = (Lines(), Lines())
        var group = ServiceGroup { notes.add($0) }
        group.add(service("a", lines))
        group.add(service("b", lines, failsToStart: true))
        group.add(service("c", lines))
        await #expect(throws: Broken.self) { try await group.run { lines.add("work") } }
        #expect(lines.all == ["start a", "end a"])
    }

    @Test func serviceIsToldToStopAndIsAwaited() async throws {
        let (lines, notes) = (Lines(), Lines())
        let (work, end) = AsyncStream.makeStream(of: Void.self)
        var group = ServiceGroup { notes.add($0) }
        group.add(
            Service(
                "queue",
                stopLimit: .seconds(600),
                run: {
                    for await _ in work {}
                    lines.add(Task.isCancelled ? "cancelled" : "drained")
                },
                stop: { end.finish() }
            )
        )
        try await group.run {}
        #expect(lines.all == ["drained"] && notes.all.isEmpty)
    }

    @Test(.timeLimit(.minutes(1))) func serviceThatDoesNotStopIsLeftBehind() async throws {
        let (lines, notes) = (Lines(), Lines())
        let (never, release) = AsyncStream.makeStream(of: Void.self)
        var group = ServiceGroup { notes.add($0) }
        group.add(service("a", lines))
        group.add(
            Service(
                "stubborn",
                stopLimit: .seconds(1),
                run: { for await _ in never {} },
                stop: {}
            )
        )
        try await group.run {}
        #expect(lines.all == ["start a", "end a"])
        #expect(notes.all == ["stubborn has not stopped within 1 s"])
        release.finish()
    }

    @Test func serviceThatEndsByItselfIsNoted() async throws {
        let notes = Lines()
        let (ended, tell) = AsyncStream.makeStream(of: Void.self)
        var group = ServiceGroup {
            notes.add($0)
            tell.yield()
        }
        group.add(Service("feed", run: {}))
        try await group.run { _ = await ended.first { _ in true } }
        #expect(notes.all == ["feed has ended by itself; restart the server to have it again"])
    }
}
