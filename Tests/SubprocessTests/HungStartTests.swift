import Foundation
import Glibc
import Subprocess
import Testing

/// Programs that the kernel does not start for now, as those on a file system that hangs.
@Suite(.timeLimit(.minutes(10)))
struct HungStartTests {
    @Test func aHungStartEndsWithItsTimeAndHoldsUpNobody() async throws {
        let program = try HungProgram()
        let hung = quickRunner()
        let impatient = quickRunner(startPatience: .milliseconds(100))
        let other = quickRunner()
        let command = script("", program: program.path, deadline: nil)
        let late = Task { await impatient.run(command) }
        let cancelled = Task { await hung.run(command) }
        #expect(await other.run(script("echo there")).text == "there\n")
        let outcome = await late.value
        #expect(outcome.deadlinePassed)
        #expect(!outcome.succeeded)
        guard case .notStarted = outcome.termination else {
            Issue.record("it has started: \(outcome.termination)")
            return
        }
        #expect(await impatient.statistics.running == 0)
        cancelled.cancel()
        #expect(await cancelled.value.cancelled)
        #expect(await hung.statistics.running == 0)
        #expect(await other.run(script("echo there")).text == "there\n")
    }

    @Test func whatAHungStartBecomesIsKilled() async throws {
        let program = try HungProgram("sleep 600; exit 1")
        let runner = quickRunner(startPatience: .milliseconds(100))
        let command = script("", program: program.path, deadline: nil)
        #expect(await runner.run(command).deadlinePassed)
        program.letGo()
        // Its command line names the program for as long as there is a process.
        #expect(await eventually { !program.runs })
        // And the next one is started.
        let next = Task { await quickRunner().run(command) }
        #expect(await eventually { program.runs })
        next.cancel()
        #expect(await next.value.cancelled)
    }
}

/// A script that cannot be opened, and so not started, until it is let go: a lease is held on it.
private final class HungProgram: Sendable {
    let path: String
    private let folder: String
    private let descriptor: Int32

    init(_ text: String = "exit 0") throws {
        folder = NSTemporaryDirectory() + "hung-\(UUID().uuidString)"
        path = "\(folder)/program"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: true
        )
        try Data("#!/bin/sh\n\(text)\n".utf8).write(to: URL(fileURLWithPath: path))
        try makeProgram(path)
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        // The kernel asks for the lease by a signal that is ignored, instead of one that ends us.
        try #require(fcntl(descriptor, /* F_SETSIG */ 10, SIGURG) == 0)
        // It is not given while a child of another test has a copy of a descriptor.
        let isLeased = (0..<10_000).contains { _ in
            if fcntl(descriptor, /* F_SETLEASE */ 1024, F_WRLCK) == 0 { return true }
            usleep(1_000)
            return false
        }
        try #require(isLeased)
    }

    deinit {
        letGo()
        close(descriptor)
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// From now on it can be started.
    func letGo() {
        _ = fcntl(descriptor, 1024, F_UNLCK)
    }

    /// Whether a process runs it.
    var runs: Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.contains { name in
            let words = FileManager.default.contents(atPath: "/proc/\(name)/cmdline")
            return words.map { String(decoding: $0, as: UTF8.self).contains(path) } ?? false
        }
    }
}
