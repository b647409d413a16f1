import Deployments
import Engine
import Synchronization
import Testing

@testable import Docker

/// What is made of what docker build has written, by each builder.
@Suite struct BuildRecordingTests {
    /// What a build comes to.
    private struct Reading: Equatable {
        var lines: [String] = []
        var state = BuildReport.State()
        var kept: [String] = []
        var failed: BuildProgress.Step?
        var message = ""
        var exitCode: Int?
    }

    private static func read(
        _ bytes: [UInt8],
        by count: Int,
        secrets: [String] = [],
        succeeded: Bool = false
    ) -> Reading {
        let lines = Mutex<[String]>([])
        let report = BuildReport(confidential: secrets) { line in
            lines.withLock { $0.append(line) }
        }
        let reader = BuildReader(report)
        var rest = bytes[...]
        while !rest.isEmpty {
            reader.feed(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        let progress = reader.end(succeeded: succeeded)
        let last =
            String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).last ?? ""
        let failure = BuildFailure(lastLine: progress.failed?.reason ?? String(last))
        return Reading(
            lines: lines.withLock { $0 },
            state: report.state,
            kept: progress.lines,
            failed: progress.failed?.step,
            message: failure.message(at: progress),
            exitCode: failure.exitCode
        )
    }

    @Test(arguments: Fixture.all("build"))
    func recordingsAreRead(_ fixture: Fixture) throws {
        let parts = fixture.name.split(separator: "-")
        let isClassic = parts.last == "classic"
        let name = parts.dropLast().joined(separator: "-")
        let isDone = ["done", "stages"].contains(name)
        let secrets = ["a-token"]
        let reading = Self.read(fixture.bytes, by: .max, secrets: secrets, succeeded: isDone)
        for count in [1, 7, 100] {
            let other = Self.read(fixture.bytes, by: count, secrets: secrets, succeeded: isDone)
            #expect(other == reading)
        }
        let text = reading.lines.joined(separator: "\n")
        for word in ["a-token", "Running in", "\u{1B}", "DEPRECATED", " ---> "] {
            #expect(!text.contains(word), "\(word)")
        }
        let state = reading.state
        switch name {
        case "done":
            #expect(["one", "***", "two"].allSatisfy(reading.lines.contains))
            #expect(state.done == state.total && state.total == (isClassic ? 4 : 3))
            // The fourth is the image itself, which has its name by then.
            #expect(state.images.count == (isClassic ? 3 : 0))
        case "stages":
            #expect(reading.lines.contains("second"))
            #expect(state.total == (isClassic ? 6 : 4))
        case "failed":
            #expect(reading.exitCode == 7)
            #expect(Set(reading.kept) == ["some words", "more words"])
            #expect(
                reading.message == "Step 3 of 4 (RUN echo some words; echo more words >&2; exit 7)"
                    + " ended with exit code 7."
            )
            #expect(state.images.count == (isClassic ? 1 : 0))
        case "no-file":
            #expect(reading.message.hasPrefix("Step 2 of 2 (COPY nothing /nothing) failed: "))
        case "no-instruction":
            #expect(
                reading.message == "The image could not be built: dockerfile parse error line 2:"
                    + " unknown instruction: RUNN."
            )
        default:
            #expect(name == "no-image")
            #expect(reading.message.contains("connection refused"))
        }
    }

    /// As the buildx plugin writes it.
    @Test func newerBuildKitIsRead() {
        let text = """
            #0 building with "default" instance using docker driver

            #1 [internal] load remote build context
            #1 DONE 0.0s

            #3 [build 1/3] FROM registry.example/base:1@sha256:00
            #3 resolve registry.example/base:1@sha256:00 done
            #3 sha256:00 1.05MB / 3.4MB 0.2s
            #3 CACHED

            #4 [stage-1 1/2] FROM registry.example/other:1
            #4 DONE 0.1s

            #5 [build 2/3] RUN make
            #5 0.234 cc -c a.c
            #5 ...

            #6 [stage-1 2/2] COPY a /a
            #6 DONE 0.0s

            #5 [build 2/3] RUN make
            #5 12.5 a.c: error
            #5 ERROR: process "/bin/sh -c make" did not complete successfully: exit code: 2
            ------
             > [build 2/3] RUN make:
            12.5 a.c: error
            ------
            Dockerfile:3
            --------------------
               3 | >>> RUN make
            --------------------
            ERROR: failed to build: failed to solve: process "/bin/sh -c make" did not complete \
            successfully: exit code: 2
            """
        let reading = Self.read(Array(text.utf8), by: 5)
        #expect(
            reading.message == "Step 2 of 3 of stage build (RUN make) ended with exit code 2."
        )
        #expect(reading.kept == ["cc -c a.c", "a.c: error"])
        #expect(reading.state.total == 5 && reading.state.done == 3)
        #expect(
            reading.lines == [
                "[build 1/3] FROM registry.example/base:1@sha256:00",
                "resolve registry.example/base:1@sha256:00 done",
                "[stage-1 1/2] FROM registry.example/other:1", "[build 2/3] RUN make",
                "cc -c a.c", "[stage-1 2/2] COPY a /a", "a.c: error",
            ]
        )
    }

    @Test(arguments: [
        "#", "# 1", "#1", "#99999999999999999999 x", "#1 [9999999999999999999/2] RUN x",
        "#1 [1/99999999999999999999] RUN x", "#1 [] x", "#1 [x", "Step 9/3 : x", "Step /: x",
        "Step 1/1", "Step 99999999999999999999/1 : x", "Step -1/2 : x", " ---> Running in ",
        " ---> Running in ../../x", " ---> -f", "#1 ERROR: ", "\u{300}", "#1 [1/1] \u{300}",
    ])
    func anythingElseDoesNoHarm(_ line: String) {
        let reading = Self.read(Array("\(line)\n\(line)\r\n".utf8), by: 3)
        #expect(reading.state.container == nil && reading.state.images.isEmpty)
        #expect(reading.state.total <= 1)
    }

    @Test func whatIsWithoutEndIsBounded() {
        var text = ""
        for number in 0..<20_000 {
            text += "#\(number) [s\(number) 1/999] RUN \(String(repeating: "é", count: 500))\n"
        }
        let reading = Self.read(Array(text.utf8), by: 65_536)
        #expect(reading.state.total == 1000 * 999 && reading.lines.count == 1000)
        #expect(reading.lines.allSatisfy { $0.utf8.count < 400 })
        let plain = Self.read([UInt8](repeating: 0x79, count: 1_000_000) + [0x0A], by: 65_536)
        #expect(plain.lines.allSatisfy { $0.utf8.count < 1_100 } && plain.lines.count == 1)
        let many = Self.read(Array(String(repeating: "y\n", count: 100_000).utf8), by: 65_536)
        #expect(many.lines.count < 300)
    }

    /// The classic builder passes on whatever a program writes.
    @Test func programThatWritesLikeTheBuilderMovesNothingButItself() {
        let text = """
            Step 1/4 : FROM base:1
             ---> 000000000001
            Step 2/4 : RUN spoof
             ---> Running in aaaaaaaaaaaa
             ---> Running in bbbbbbbbbbbb
             ---> 999999999999
             ---> Using cache
            Step 4/4 : RUN never
            Step 3/9 : RUN never
            #7 [1/1] RUN never
            #7 ERROR: never
            Successfully built the first part
            Removing intermediate container of the city
            ------
             ---> 000000000002
            Step 3/4 : COPY a /a
             ---> 000000000003
            Step 4/4 : RUN false
             ---> Running in cccccccccccc
            #0 main () at main.c:3
            The command '/bin/sh -c false' returned a non-zero code: 1
            """
        let reading = Self.read(Array(text.utf8), by: 11)
        #expect(reading.state.images == ["000000000002", "000000000003"])
        #expect(reading.state.container == "cccccccccccc")
        #expect(reading.state.number == 4 && reading.state.total == 4 && reading.state.done == 3)
        #expect(reading.kept == ["#0 main () at main.c:3"])
        for line in ["Successfully built the first part", "------", "#7 ERROR: never"] {
            #expect(reading.lines.contains(line))
        }
        #expect(reading.message == "Step 4 of 4 (RUN false) ended with exit code 1.")
    }

    /// The classic builder colours each piece that a program writes to its errors.
    @Test(arguments: [
        "\u{1B}[91mtok-sec\u{1B}[0m\u{1B}[91mret-1234\n\u{1B}[0m", "tok-sec\u{1B}[1mret-1234\n",
        "tok-sec\u{7}ret-1234\n", "#1 [1/1] RUN x\n#1 0.1 tok-secret-1234\n",
    ])
    func secretsInPiecesAreMasked(_ text: String) {
        for count in [1, 5, 1000] {
            let reading = Self.read(Array(text.utf8), by: count, secrets: ["tok-secret-1234"])
            #expect(reading.lines.last == "***")
        }
        let long = String(repeating: "x", count: 16_380) + "tok-secret-1234\n"
        let reading = Self.read(Array(long.utf8), by: 999, secrets: ["tok-secret-1234"])
        #expect(!reading.lines.joined().contains("tok-"))
        let control = Self.read(Array("a\tsecret\n".utf8), by: 3, secrets: ["a\tsecret"])
        #expect(control.lines == ["***"])
    }

    /// What a step is called may be what the engine says otherwise.
    @Test(arguments: [
        (
            "The command '/bin/sh -c echo no space left on device; false' returned a non-zero code: 1",
            true
        ),
        ("COPY failed: stat error during connect: file does not exist", true),
        ("The command '/bin/sh -c echo cannot connect to the docker daemon", true),
        ("error during connect: Post: EOF", false), ("unexpected EOF", false),
    ])
    func stepsOwnWordsAreNoCause(_ line: String, _ isOfStep: Bool) {
        #expect(BuildFailure(lastLine: line).isOfStep == isOfStep)
    }

    @Test func layerThatHasGoneIsKnown() {
        let gone = "failed to get destination image \"sha256:35b3\": No such image: sha256:35b3"
        #expect(BuildFailure(lastLine: gone).lacksLayer)
        #expect(!BuildFailure(lastLine: "The command 'No such image: sha256:' x").lacksLayer)
    }

    @Test func withoutItsPluginTheClientSaysSo() {
        let failure = BuildFailure(lastLine: "       https://docs.docker.com/go/buildx/")
        #expect(failure.isWithoutBuildKit)
        #expect(failure.message(at: BuildProgress()).contains("buildx"))
    }

    @Test func argumentsAreInTheEnvironmentAlone() {
        let build = ImageBuild(
            dockerfile: "a/b",
            target: "web",
            arguments: ["B": "two", "A": "one"]
        )
        let command = DockerCommand.build(
            BuildSpecification(name: "slipway/a:1", build: build, platform: "linux/x", pulls: true)
        )
        #expect(
            command.arguments == [
                "build", "--force-rm", "--tag=slipway/a:1", "--file=a/b", "--target=web",
                "--platform=linux/x", "--pull", "--build-arg=A", "--build-arg=B", "-",
            ]
        )
        #expect(command.environment == ["A": "one", "B": "two", "BUILDKIT_PROGRESS": "plain"])
    }
}
