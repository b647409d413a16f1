import Deployments
import Foundation
import Testing

/// What a container gets of the request's environment, and what the docker client does not.
@Suite(.serialized) struct EnvironmentTests {
    /// Values that the client, a wrapper around it, ssh or the loader would heed.
    private static let steering: [String: String] = [
        "BASH_ENV": "/nosuch", "ENV": "/nosuch", "USER": "nobody", "HOME": "/nosuch",
        "LD_LIBRARY_PATH": "/nosuch", "DOCKER_HOST": "tcp://192.0.2.1:1", "DOCKER_CONTEXT": "no",
        "SSH_AUTH_SOCK": "/nosuch", "XDG_CONFIG_HOME": "/nosuch", "GODEBUG": "x=1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://192.0.2.1", "PYTHONSTARTUP": "/nosuch",
        "PERL5OPT": "-Mnosuch", "NODE_OPTIONS": "--require=/nosuch", "HTTP_PROXY": "http://x",
        "no_proxy": "*",
    ]

    /// The variables of the container's own process, and as the engine tells them.
    private func inside(_ name: String) async throws -> [Set<String>] {
        let own = try await TestEngine.docker("exec", name, "cat", "/proc/1/environ")
        let told = try await TestEngine.docker("inspect", "-f", "{{json .Config.Env}}", name)
        let list = try JSONValue(parsing: Array(told.utf8)).elements?.compactMap(\.string) ?? []
        return [Set(own.split(separator: "\0").map(String.init)), Set(list)]
    }

    private func deploy(
        _ server: TestServer,
        _ app: String,
        _ values: [String: String]
    ) async throws {
        let given = values.map { JSONMember($0.key, .string($0.value)) }
        let events = try await server.deploy(
            try request(server, app, [("env_vars", .object(given))])
        )
        #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
        for found in try await inside("fractalic-\(app)") {
            for (name, value) in values {
                #expect(found.contains("\(name)=\(value)"), "\(name) is another")
            }
        }
    }

    @Test func everyValueArrivesByteForByteWhateverItsName() async throws {
        try await withServer { server, app in
            var values = Self.steering
            values["a.b-c_D9"] = ""
            values["_"] = " a#'\"\\$X`é\t "
            values["CR"] = "\r"
            values["CRCR"] = "a\rb\r\r"
            values["LONG"] = String(repeating: "x", count: 60_000)
            try await deploy(server, app, values)
            for name in Self.steering.keys { values[name]? += "\nsecond line\r\n" }
            values["CR"] = "\r\n"
            values["LF"] = "\n"
            values["LONG"] = String(repeating: "é", count: 51_200)
            try await deploy(server, app, values)
        }
    }

    @Test func noValueIsInTheClientsEnvironmentNorSteersAWrapper() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let docker = try await Command.run(["which", "docker"]).output
            .trimmingCharacters(in: .newlines)
        try scratch.write("steered", "touch \(scratch.path("was-steered"))\n")
        try scratch.write(
            "wrapper",
            "#!/bin/bash\nenv >>\(scratch.path("environments"))\nexec \(docker) \"$@\"\n"
        )
        _ = try await Command.run(["chmod", "+x", scratch.path("wrapper")])
        try await withServer(["--docker", scratch.path("wrapper")]) { server, app in
            let mark = "mark-\(UUID().uuidString)"
            for ending in ["", "\n"] {
                let values = Dictionary(
                    uniqueKeysWithValues: (Array(Self.steering.keys) + ["TOKEN"]).map { name in
                        (name, (name == "BASH_ENV" ? scratch.path("steered") : mark) + ending)
                    }
                )
                try await deploy(server, app, values)
            }
            #expect(!FileManager.default.fileExists(atPath: scratch.path("was-steered")))
            let seen = FileManager.default.contents(atPath: scratch.path("environments")) ?? Data()
            #expect(String(decoding: seen, as: UTF8.self).contains("PATH="))
            #expect(!String(decoding: seen, as: UTF8.self).contains(mark))
        }
    }

    @Test func proxiesOfTheClientsConfigurationDoNotOverrideTheRequest() async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let file = #"{"proxies":{"default":{"httpProxy":"http://of.config:1","noProxy":"config"}}}"#
        try scratch.write("config.json", file)
        try await withServer(environment: ["DOCKER_CONFIG": scratch.folder]) { server, app in
            for name in ["NO_PROXY", "no_proxy", "No_Proxy"] {
                try await deploy(server, app, [name: "own.example"])
                for found in try await inside("fractalic-\(app)") {
                    #expect(!found.contains { $0.contains("config") && $0.contains("no") })
                    #expect(
                        !found.contains("NO_PROXY=config") && !found.contains("no_proxy=config")
                    )
                    #expect(found.contains("HTTP_PROXY=http://of.config:1"))
                    #expect(found.contains("http_proxy=http://of.config:1"))
                }
            }
            for values in [["A": "x"], ["A": "\n"]] {
                try await deploy(server, app, values)
                for found in try await inside("fractalic-\(app)") {
                    #expect(found.contains("no_proxy=config") && found.contains("NO_PROXY=config"))
                }
            }
        }
    }

    @Test func bothWaysOfCreatingGiveTheSameContainer() async throws {
        try await withServer { server, app in
            let network = TestEngine.name("net")
            _ = try await TestEngine.docker("network", "create", network)
            var seen: [JSONValue] = []
            for value in ["x", "x\n"] {
                let events = try await server.deploy(
                    try request(
                        server,
                        app,
                        [
                            ("env_vars", ["A": .string(value)]), ("memory", "64m"),
                            ("cpus", "0.75"), ("network", .string(network)),
                            ("labels", ["b": "2", "a": ""]), ("platform", "linux/amd64"),
                            ("command", .strings(["/main"])), ("restart", "on-failure:3"),
                        ]
                    )
                )
                #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
                let text = try await TestEngine.docker("inspect", "fractalic-\(app)")
                let container = try #require(JSONValue(parsing: Array(text.utf8)).elements?.first)
                let left = ["Env", "Hostname", "Labels"]
                seen.append([
                    // The client writes lists that are empty.
                    "host": .object(
                        (container["HostConfig"]?.members ?? []).filter {
                            !$0.value.isNull && $0.value.elements?.isEmpty != true
                        }
                    ),
                    "config": .object(
                        (container["Config"]?.members ?? []).filter { !left.contains($0.name) }
                    ),
                    "labels": .object(
                        (container["Config"]?["Labels"]?.members ?? []).filter {
                            !["slipway.deployment", "slipway.creation"].contains($0.name)
                        }
                    ),
                    "networks": .strings(
                        (container["NetworkSettings"]?["Networks"]?.members ?? []).map(\.name)
                    ),
                ])
            }
            #expect(seen.first == seen.last, "\(seen.map(\.text).joined(separator: "\n"))")
            await TestEngine.remove(app: app)
            _ = try await TestEngine.docker("network", "rm", network)
        }
    }

    @Test func valuesOfSeveralLinesAreReadBackAfterAKill() async throws {
        try await withServer { server, app in
            let value = "first line of many\nsecond \u{1} line\r\n"
            let name = "c-\(app)"
            let id = try await server.submit(
                try request(
                    server,
                    app,
                    image: "slow",
                    [("env_vars", ["A": .string(value)]), ("container_name", .string(name))]
                )
            )
            _ = try await server.reach("health_check", id)
            await server.end(SIGKILL)
            let next = try await TestServer(scratch: server.scratch)
            let events = try await next.events(id)
            #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
            for found in try await inside(name) { #expect(found.contains("A=\(value)")) }
            await next.end()
        }
    }

    @Test func refusedSettingsAreToldInTheEnginesWordsInEitherWay() async throws {
        try await withServer { server, app in
            for value in ["x", "\n"] {
                let events = try await server.deploy(
                    try request(
                        server,
                        app,
                        [("env_vars", ["A": .string(value)]), ("cpus", "9999")]
                    )
                )
                let failure = events.last?.data["failure"]
                let tail = failure?["output_tail"]?.elements?.compactMap(\.string) ?? []
                #expect(tail.contains { $0.contains("Range of CPUs") }, "\(tail)")
            }
        }
    }
}
