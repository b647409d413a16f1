import Foundation
import Glibc
import Subprocess
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CommandRunnerTests {
    @Test func outputAndErrorsOfPipesAreKeptApart() async throws {
        let outcome = await quickRunner().run(script("echo out; echo err >&2; exit 3"))
        #expect(outcome.termination == .exited(3))
        #expect(outcome.exitCode == 3)
        #expect(!outcome.succeeded)
        #expect(outcome.text == "out\n")
        #expect(outcome.errorLines == ["err"])
    }

    @Test func noByteIsLostWhereTheChildExitsAtOnce() async throws {
        let runner = quickRunner()
        for _ in 0..<100 {
            let outcome = await runner.run(script("head -c 300000 /dev/zero"))
            #expect(outcome.output.count == 300_000)
        }
    }

    @Test func manyOpenDescriptorsAreNoDanger() async throws {
        let descriptors = (0..<1500).map { _ in unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) }
        defer { for descriptor in descriptors { close(descriptor) } }
        let runner = quickRunner()
        for _ in 0..<20 {
            #expect(await runner.run(script("echo out")).text == "out\n")
        }
    }

    @Test func allOutputIsHandedOverBeforeRunReturns() async throws {
        let runner = quickRunner()
        let collected = Collected()
        var command = script("seq 1 20000")
        command.outputLimit = 0
        let outcome = await runner.run(command, onOutput: collected.take)
        #expect(collected.text == (1...20_000).map { "\($0)\n" }.joined())
        #expect(outcome.output.isEmpty)
        #expect(outcome.outputTruncated)
    }

    @Test func mergedOutputKeepsTheOrderOfWriting() async throws {
        let command = script("echo 1; echo 2 >&2; echo 3; echo 4 >&2", output: .merged)
        let outcome = await quickRunner().run(command)
        #expect(outcome.text == "1\n2\n3\n4\n")
        #expect(outcome.errorLines.isEmpty)
    }

    @Test func mergedOutputOfAFailureIsItsErrorLines() async throws {
        let command = script("echo gone >&2; exit 1", output: .merged)
        #expect(await quickRunner().run(command).errorLines == ["gone"])
    }

    @Test func outputBeyondTheLimitIsReadAndDropped() async throws {
        let command = script("head -c 10000000 /dev/zero", outputLimit: 1000)
        let outcome = await quickRunner().run(command)
        #expect(outcome.succeeded)
        #expect(outcome.output.count == 1000)
        #expect(outcome.outputTruncated)
    }

    @Test func errorLinesAreTheLastOnesAndBounded() async throws {
        let endless = "head -c 1000000 /dev/zero | tr '\\0' x >&2; echo >&2; seq 1 100000 >&2"
        let outcome = await quickRunner().run(script(endless))
        #expect(outcome.errorLines.count == 40)
        #expect(outcome.errorLines.last == "100000")
        let one = await quickRunner().run(
            script("head -c 1000000 /dev/zero | tr '\\0' x >&2")
        )
        #expect(one.errorLines.map(\.utf8.count) == [2048])
    }

    @Test func anEndlessChildEndsAtItsDeadline() async throws {
        let command = script(
            "cat /dev/urandom & cat /dev/urandom >&2",
            deadline: .milliseconds(200),
            outputLimit: 5000
        )
        let outcome = await quickRunner().run(command)
        #expect(outcome.deadlinePassed)
        #expect(!outcome.succeeded)
        #expect(outcome.termination == .signalled(SIGTERM))
        #expect(outcome.output.count == 5000)
    }

    @Test func aTerminalHas80ColumnsAndTakesErrorsToo() async throws {
        let collected = Collected()
        let command = script(
            "[ -t 1 ] && [ -t 2 ] && stty size <&1; echo oops >&2; exit 4",
            output: .terminal
        )
        let outcome = await quickRunner().run(command, onOutput: collected.take)
        #expect(collected.text == "24 80\r\noops\r\n")
        #expect(outcome.termination == .exited(4))
        #expect(outcome.errorLines == ["24 80", "oops"])
    }

    @Test func nothingOfATerminalsOutputIsLost() async throws {
        let runner = quickRunner()
        for _ in 0..<20 {
            let collected = Collected()
            _ = await runner.run(script("seq 1 5000", output: .terminal), onOutput: collected.take)
            #expect(collected.text == (1...5000).map { "\($0)\r\n" }.joined())
        }
    }

    @Test func withoutInputTheChildReadsNothing() async throws {
        #expect(await quickRunner().run(script("cat; echo end")).text == "end\n")
    }

    @Test func theChildHasAGroupOfItsOwnAndNoSignalBlocked() async throws {
        let text = "cut -d' ' -f5 /proc/$$/stat; echo $$; grep SigBlk /proc/self/status"
        let lines = await quickRunner().run(script(text)).text.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0] == lines[1])
        #expect(lines[2].hasSuffix("\t0000000000000000"))
    }

    @Test func noDescriptorOfTheRunnerReachesTheChild() async throws {
        let runner = quickRunner()
        let others = Task { await runner.run(script("exec sleep 600", output: .terminal)) }
        let list = await runner.run(script("exec ls -l /proc/self/fd")).text
        others.cancel()
        _ = await others.value
        let names = list.split(separator: "\n").compactMap { $0.split(separator: " -> ").last }
            .filter { $0.contains("/") || $0.contains(":") }
        #expect(names.count { $0.hasPrefix("pipe:") } == 2)
        // Foundation's own socket, by which it learns that the child has ended.
        #expect(names.count { $0.hasPrefix("socket:") } <= 1)
        let known = ["/dev/null", "pipe:", "socket:", "/proc/"]
        #expect(names.allSatisfy { name in known.contains { name.hasPrefix($0) } })
    }

    @Test func aCommandHasItsOwnVariablesAndNoOthers() async throws {
        let command = Command("/usr/bin/env", [], environment: ["ONE": "1", "LINES": "a\nb"])
        let lines = Set(await quickRunner().run(command).text.split(separator: "\n"))
        #expect(lines == ["ONE=1", "LINES=a", "b"])
    }

    @Test func whatIsNoiseIsNoErrorLine() async throws {
        var command = script("echo one >&2; echo noise >&2; echo two >&2; exit 1")
        command.isNoise = { $0 == Array("noise".utf8) }
        #expect(await quickRunner().run(command).errorLines == ["one", "two"])
    }

    @Test func aMissingProgramIsAnOutcome() async throws {
        let missing = await quickRunner().run(Command("/nonexistent/docker", []))
        guard case .notStarted(let reason) = missing.termination else {
            Issue.record("started")
            return
        }
        #expect(reason.contains("/nonexistent/docker"))
        #expect(missing.exitCode == nil)
        let unknown = await quickRunner().run(Command("no-such-docker", []))
        #expect(
            unknown.termination
                == .notStarted(reason: "the program no-such-docker is not in PATH")
        )
    }

    @Test func aNullCharacterIsRefused() async throws {
        let runner = quickRunner()
        let reason = "an argument or a variable contains a null character"
        #expect(await runner.run(script("a\0b")).termination == .notStarted(reason: reason))
        var command = script("true")
        command.environment = ["A": "b\0c"]
        #expect(await runner.run(command).termination == .notStarted(reason: reason))
    }

    @Test func manyCommandsRunAtOnce() async throws {
        let runner = quickRunner()
        let sum = await withTaskGroup(of: Int.self) { group in
            for number in 1...50 {
                group.addTask {
                    let outcome = await runner.run(script("echo \(number); seq 1 2000 >&2"))
                    return Int(outcome.text.dropLast()) ?? 0
                }
            }
            return await group.reduce(0, +)
        }
        #expect(sum == 50 * 51 / 2)
        #expect(await runner.running.isEmpty)
    }

    @Test func whatRunsIsListedWithItsTag() async throws {
        let runner = quickRunner()
        let collected = Collected()
        var command = script("echo $$; exec sleep 600")
        command.tag = "mine"
        let task = Task { [command] in await runner.run(command, onOutput: collected.take) }
        await collected.waitFor("\n")
        let running = await runner.running
        #expect(running.map(\.tag) == ["mine"])
        #expect(running.map { "\($0.pid)\n" } == [collected.text])
        task.cancel()
        _ = await task.value
        #expect(await runner.running.isEmpty)
    }

    @Test(arguments: ["no program", "#!/nonexistent/interpreter\n", "#!\n", ""])
    func whatIsNoProgramLeavesNoDescriptors(_ content: String) async throws {
        let folder = NSTemporaryDirectory() + "no-program-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let program = "\(folder)/docker"
        try Data(content.utf8).write(to: URL(fileURLWithPath: program))
        try makeProgram(program)
        let runner = quickRunner()
        let before = openDescriptors()
        for _ in 0..<200 {
            let outcome = await runner.run(Command(program, []))
            guard case .notStarted(let reason) = outcome.termination else {
                Issue.record("started")
                return
            }
            #expect(reason.contains(program))
        }
        // Other tests open some meanwhile; a leak would be two a command.
        #expect(await eventually { openDescriptors() < before + 200 })
    }

    @Test func descriptorsAreClosedAfterwards() async throws {
        let runner = quickRunner()
        _ = await runner.run(Command("/bin/true", []))
        let before = openDescriptors()
        for number in 0..<400 {
            let modes: [Command.OutputMode] = [.pipes, .merged, .terminal]
            let command = Command(
                "/bin/true",
                [],
                input: number.isMultiple(of: 2) ? .none : .stream,
                output: modes[number % 3]
            )
            _ = await runner.run(command)
        }
        // Other tests open some meanwhile; a leak would be one a command at least.
        #expect(await eventually { openDescriptors() < before + 200 })
    }
}

private func openDescriptors() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
}
