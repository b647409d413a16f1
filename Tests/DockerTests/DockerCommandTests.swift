import Deployments
import Engine
import Subprocess
import Testing

@testable import Docker

struct DockerCommandTests {
    @Test(arguments: [
        (DockerCommand.serverVersion(), ["version", "--format={{json .}}"]),
        (.pull(image: "a/b:1"), ["pull", "--", "a/b:1"]),
        (
            .pull(image: "a/b:1", platform: "linux/arm64"),
            ["pull", "--platform=linux/arm64", "--", "a/b:1"]
        ),
        (.manifestInspect(image: "r.io/a:1"), ["manifest", "inspect", "--", "r.io/a:1"]),
        (
            .manifestInspect(image: "localhost:5000/a:1"),
            ["manifest", "inspect", "--insecure", "--", "localhost:5000/a:1"]
        ),
        (.start("x"), ["start", "--", "x"]),
        (.stop("x", seconds: 3), ["stop", "-t", "3", "--", "x"]),
        (.kill("x"), ["kill", "--", "x"]),
        (.remove("x"), ["rm", "--force", "--volumes", "--", "x"]),
        (.rename("x", to: "y"), ["rename", "--", "x", "y"]),
        (
            .updateRestart("x", policy: "unless-stopped"),
            ["update", "--restart=unless-stopped", "--", "x"]
        ),
        (.copyArchive(into: "x", path: "/"), ["cp", "--", "-", "x:/"]),
        (.logsTail("x"), ["logs", "--timestamps", "--tail=300", "--", "x"]),
        (
            .logs("x", lines: 5, follow: true),
            ["logs", "--follow", "--tail=5", "--", "x"]
        ),
        (.logs("x", lines: 5, follow: false), ["logs", "--tail=5", "--", "x"]),
        (
            .events(
                labels: [("slipway.app", nil), ("a", "b=c")],
                actions: ["die", "start"],
                since: EventTime(nanoseconds: 1_795_227_393_047_754_178).text
            ),
            [
                "events", "--format={{json .}}", "--filter=type=container",
                "--filter=label=slipway.app", "--filter=label=a=b=c", "--filter=event=die",
                "--filter=event=start", "--since=1795227393.047754178",
            ]
        ),
    ])
    func argumentsAreAsDockerTakesThem(_ command: DockerCommand, _ arguments: [String]) {
        #expect(command.arguments == arguments)
    }

    @Test func containersAreInspectedAndListedWithTemplatesOfOneLine() {
        let inspect = DockerCommand.containerInspect(["a", "b"]).arguments
        #expect(inspect.prefix(2) == ["container", "inspect"])
        #expect(inspect[2].hasPrefix("--format={") && !inspect[2].contains("\n"))
        #expect(inspect.suffix(3) == ["--", "a", "b"])
        let list = DockerCommand.containersByLabel([("k", "v"), ("l", "w")]).arguments
        #expect(list.prefix(3) == ["ps", "--all", "--no-trunc"])
        #expect(list.suffix(2) == ["--filter=label=k=v", "--filter=label=l=w"])
    }

    @Test func aContainerIsCreatedWithEveryValueBoundToItsOption() {
        var specification = ContainerSpecification(name: "-name", image: "-image")
        specification.platform = "linux/amd64"
        specification.ports = [
            PortMapping(name: "a", container: 3000),
            PortMapping(name: "b", container: 8000, host: 8080, bind: "0.0.0.0"),
            PortMapping(name: "c", container: 8001, bind: "::1"),
        ]
        specification.labels = ["z": "-1", "a": ""]
        specification.command = ["--serve", "-x"]
        specification.memory = "64m"
        specification.cpus = "0.5"
        specification.network = .init(network: "net")
        #expect(
            specification.parameters(readingEnvironment: true) == [
                "--name=-name", "--pull=never", "--platform=linux/amd64", "--restart=no",
                "--memory=64m", "--cpus=0.5", "--network=net", "--publish=127.0.0.1::3000/tcp",
                "--publish=0.0.0.0:8080:8000/tcp", "--publish=[::1]::8001/tcp", "--label=a=",
                "--label=z=-1", "--env-file=/dev/stdin", "--", "-image", "--serve", "-x",
            ]
        )
    }

    @Test func aPlainContainerHasNothingButItsName() {
        let specification = ContainerSpecification(name: "n", image: "i")
        #expect(
            specification.parameters() == ["--name=n", "--pull=never", "--restart=no", "--", "i"]
        )
    }

    @Test func onlyAPullHasATerminal() {
        #expect(DockerCommand.pull(image: "x").output == .terminal)
        #expect(DockerCommand.logsTail("x").output == .pipes)
        #expect(DockerCommand.copyArchive(into: "x", path: "/").input == .stream)
        #expect(DockerCommand.start("x").input == .none)
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:01Z", 1_000_000_000), ("1970-01-01T00:00:00.5Z", 500_000_000),
            ("1970-01-01T00:00:00.123456789Z", 123_456_789),
            ("1970-01-01T00:00:00.1234567891Z", 123_456_789), ("0001-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.+1Z", nil), ("1970-01-01T00:00:00+01:00", nil), ("", nil),
            ("Z", nil),
            ("run 1", nil),
        ] as [(String, Int64?)]
    )
    func momentsOfTheEngineAreRead(_ text: String, _ nanoseconds: Int64?) {
        #expect(EventTime(text: text)?.nanoseconds == nanoseconds)
    }
}
