import Foundation
import Glibc
import Subprocess
import Synchronization
import Testing

/// A runner that loses no time, for tests of how children are run.
func quickRunner(
    grace: Duration = .milliseconds(200),
    startPatience: Duration = .seconds(30)
) -> CommandRunner {
    CommandRunner(
        grace: grace,
        patience: .milliseconds(200),
        startPatience: startPatience
    )
}

/// A command that has the shell run a script.
func script(
    _ text: String,
    program: String = "/bin/sh",
    output: Command.OutputMode = .pipes,
    input: Command.Input = .none,
    deadline: Duration? = .seconds(300),
    outputLimit: Int = 16 << 20
) -> Command {
    Command(
        program,
        ["-c", text],
        environment: ProcessInfo.processInfo.environment,
        input: input,
        output: output,
        deadline: deadline,
        outputLimit: outputLimit
    )
}

/// Makes a file a program that can be started: nobody writes to it any more. A child that another test
/// starts meanwhile has a copy of the descriptor by which it was written, until it is a program.
func makeProgram(_ path: String) throws {
    try #require(unsafe chmod(path, 0o755) == 0)
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    for _ in 0..<10_000 {
        // A lease for reading is given once there is no writer; it goes with the descriptor.
        if fcntl(descriptor, /* F_SETLEASE */ 1024, F_RDLCK) == 0 { return }
        usleep(1_000)
    }
    Issue.record("\(path) is still being written")
}

/// Collects output and lets a test wait for a word in it.
final class Collected: Sendable {
    private let state = Mutex<[UInt8]>([])
    private let stream = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .unbounded)

    var bytes: [UInt8] { state.withLock { $0 } }
    var text: String { String(decoding: bytes, as: UTF8.self) }

    @Sendable func take(_ bytes: [UInt8]) {
        state.withLock { $0 += bytes }
        stream.continuation.yield()
    }

    /// Returns once the output holds the word.
    func waitFor(_ word: String) async {
        for await _ in stream.stream where text.contains(word) { return }
    }
}

extension CommandOutcome {
    var text: String { String(decoding: output, as: UTF8.self) }
}

/// Waits until the condition holds; false if it never did.
func eventually(within limit: Duration = .seconds(300), _ holds: () -> Bool) async -> Bool {
    let clock = ContinuousClock()
    let end = clock.now + limit
    while clock.now < end {
        if holds() { return true }
        // Leaves the machine to what is waited for. Only a task that is cancelled throws.
        try? await Task.sleep(for: .milliseconds(1))
    }
    return holds()
}
