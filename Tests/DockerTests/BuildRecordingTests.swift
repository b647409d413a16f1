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
        let report = BuildReport(redactor: Redactor(values: secrets)) { line in
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
        let failure = BuildFailure(lastLine: String(last))
        return Reading(
            lines: lines.withLock { $0 },
            state: report.state,
            kept: progress.lines,
            failed: progress.failed,
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
            text +=
                "#\(number) [s\(number) 1/9999] RUN x\n ---> \(String(repeating: "0", count: 12))\n"
        }
        let reading = Self.read(Array(text.utf8), by: 65_536)
        #expect(reading.state.images.count == 1000)
        #expect(reading.state.total > 0)
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
