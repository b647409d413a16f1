import Deployments
import Engine
import Foundation
import Streams
import Subprocess
import Testing

@testable import Docker

struct ContainerCreationTests {
    private let specification = ContainerSpecification(name: "n", image: "i")

    private func creation(
        _ values: [String: String],
        _ configuration: DockerConfiguration? = nil
    ) throws -> ContainerCreation {
        ContainerCreation(
            specification,
            try ContainerEnvironment(values: values),
            configuration: configuration ?? DockerConfiguration(environment: [:])
        )
    }

    private func input(_ creation: ContainerCreation) async throws -> String {
        String(decoding: try await creation.input?.next() ?? [], as: UTF8.self)
    }

    @Test func valuesOfALineAreReadFromTheInputWhateverTheirNames() async throws {
        let creation = try creation([
            "A": "1 ", "PATH": "/bin", "LD_PRELOAD": "l", "BASH_ENV": "/x", "DOCKER_HOST": "\r",
            "E": "", "a.b-c": "#",
        ])
        #expect(creation.command.arguments.contains("--env-file=/dev/stdin"))
        #expect(creation.command.environment.isEmpty)
        #expect(
            try await input(creation)
                == [
                    "A=1 ", "BASH_ENV=/x", "DOCKER_HOST=\r", "E=", "LD_PRELOAD=l", "PATH=/bin",
                    "a.b-c=#", "",
                ].joined(separator: "\r\n")
        )
        #expect(try await creation.input?.next() != nil, "it can be run again")
    }

    @Test func withoutValuesNothingIsRead() throws {
        let creation = try creation([:])
        #expect(creation.input == nil)
        #expect(creation.command.input == .none)
    }

    @Test(arguments: [
        ["A": "1\n2"], ["LD_PRELOAD": "\n"], ["A": String(repeating: "x", count: 100 << 10)],
        ["no_proxy": "x"], ["Https_Proxy": "x"], ["A B": "x"], ["#A": "x"], ["é": "x"],
    ])
    func whatNoLineHoldsGoesToTheEngineItself(_ values: [String: String]) async throws {
        let creation = try creation(values)
        #expect(creation.command.arguments == ["system", "dial-stdio"])
        #expect(creation.command.environment.isEmpty)
        let request = try await input(creation)
        #expect(request.hasPrefix("POST /containers/create?name=n HTTP/1.0\r\n"))
        let parts = request.split(separator: "\r\n\r\n", maxSplits: 1)
        #expect(parts[0].hasSuffix("Content-Length: \(parts[1].utf8.count)"))
        let json = try JSONValue(parsing: Array(parts[1].utf8))
        let entry = try #require(values.first)
        #expect(json["Env"]?.elements?.map(\.string) == ["\(entry.key)=\(entry.value)"])
    }

    @Test func theEnginesAnswerIsTheCommands() throws {
        let creation = try creation(["A": "\n"])
        func outcome(_ answer: String, _ end: Termination = .exited(0)) -> CommandOutcome {
            creation.outcome(CommandOutcome(termination: end, output: Array(answer.utf8)))
        }
        let made = outcome("HTTP/1.0 201 Created\r\nX: y\r\n\r\n{\"Id\":\"abc\",\"Warnings\":[]}\n")
        #expect(made.succeeded && made.output == Array("abc".utf8))
        let taken = outcome("HTTP/1.0 409 Conflict\r\n\r\n{\"message\":\"Conflict. a\\nb\"}")
        #expect(taken.exitCode == 1 && taken.output.isEmpty)
        #expect(taken.errorLines == ["Error response from daemon: Conflict. a", "b"])
        for odd in [
            "", "HTTP/1.0", "HTTP/1.0 x\r\n\r\n", "garbage\r\n\r\n", "HTTP/1.0 201 Created\r\n\r\n",
            "HTTP/1.0 201 Created\r\n\r\n{\"Id\":7}", "HTTP/1.0 500 X\r\n\r\n{\"message\":[]}",
        ] {
            let outcome = outcome(odd)
            #expect(!outcome.succeeded && outcome.errorLines.count == 1, "\(odd)")
        }
        #expect(outcome("", .exited(1)).errorLines.isEmpty, "the client has said why")
    }

    @Test func theRequestSaysWhatTheOptionsSay() throws {
        var specification = ContainerSpecification(name: "n", image: "i")
        specification.platform = "linux/arm64/v8"
        specification.ports = [
            PortMapping(name: "a", container: 3000),
            PortMapping(name: "b", container: 3000, host: 8080, bind: "::1"),
        ]
        specification.labels = ["z": "-1"]
        specification.command = ["--serve", ""]
        specification.memory = "64m"
        specification.cpus = "1.5"
        specification.network = .init(network: "net")
        specification.restart = "on-failure:3"
        #expect(specification.query == "name=n&platform=linux/arm64/v8")
        let json = specification.json([])
        let host = json["HostConfig"]
        #expect(json["Cmd"] == .strings(["--serve", ""]))
        #expect(json["Labels"] == ["z": "-1"])
        #expect(json["ExposedPorts"] == ["3000/tcp": [:]])
        #expect(host?["Memory"] == .integer(67_108_864))
        #expect(host?["NanoCpus"] == .integer(1_500_000_000))
        #expect(host?["NetworkMode"] == "net")
        #expect(
            host?["RestartPolicy"] == ["Name": "on-failure", "MaximumRetryCount": .integer(3)]
        )
        #expect(
            host?["PortBindings"] == [
                "3000/tcp": .array([
                    ["HostIp": "127.0.0.1", "HostPort": ""], ["HostIp": "::1", "HostPort": "8080"],
                ])
            ]
        )
    }

    @Test(arguments: [(["A": "x\0y"], "A"), (["A=B": "x"], "A=B"), (["": "x"], "")])
    func whatNoEnvironmentHoldsIsRefusedByName(_ values: [String: String], _ name: String) {
        let error = #expect(throws: ContainerEnvironment.Unsuitable.self) {
            try ContainerEnvironment(values: values)
        }
        #expect(error?.name == name)
    }

    @Test func theClientsProxiesGiveWayToTheRequestsInEitherCase() async throws {
        let folder = "\(NSTemporaryDirectory())/proxies-\(UUID().uuidString)"
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let far = "\(folder)/contexts/meta/\(SHA256.hexadecimal(Array("far".utf8)))"
        try FileManager.default.createDirectory(atPath: far, withIntermediateDirectories: true)
        let context = #"{"Endpoints":{"docker":{"Host":"tcp://far:1"}}}"#
        try Data(context.utf8).write(to: URL(filePath: "\(far)/meta.json"))
        let file = """
            {"currentContext":"far","proxies":{"default":{"httpProxy":"h","noProxy":"n"},
            "tcp://far:1":{"httpsProxy":"far"},"unix:///x":{"ftpProxy":"f","allProxy":""}}}
            """
        try Data(file.utf8).write(to: URL(filePath: "\(folder)/config.json"))
        func entries(_ values: [String: String], _ more: [String: String]) async throws -> [String]
        {
            let environment = more.merging(["DOCKER_CONFIG": folder]) { $1 }
            let creation = try creation(values, DockerConfiguration(environment: environment))
            let content = try await input(creation).split(separator: "\r\n\r\n", maxSplits: 1)[1]
            return try JSONValue(parsing: Array(content.utf8))["Env"]?.elements?
                .compactMap(\.string) ?? []
        }
        #expect(
            try await entries(["NO_PROXY": "own"], ["DOCKER_HOST": "tcp://other"])
                == ["HTTP_PROXY=h", "NO_PROXY=own", "http_proxy=h"]
        )
        #expect(
            try await entries(["no_proxy": ""], ["DOCKER_CONTEXT": "default"])
                == ["HTTP_PROXY=h", "http_proxy=h", "no_proxy="]
        )
        #expect(
            try await entries(["A": "\n"], ["DOCKER_HOST": "unix:///x"])
                == ["A=\n", "FTP_PROXY=f", "ftp_proxy=f"]
        )
        #expect(
            try await entries(["A": "\n"], [:]) == ["A=\n", "HTTPS_PROXY=far", "https_proxy=far"]
        )
    }
}
