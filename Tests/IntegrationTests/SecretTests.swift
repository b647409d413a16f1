import Deployments
import Foundation
import Synchronization
import Testing

/// Values that nobody but the container and the registry may see.
struct SecretTests {
    @Test func secretsAreInNoArgumentFileAnswerOrLog() async throws {
        let calls = try Scratch()
        defer { calls.remove() }
        let plain = "plain-\(UUID().uuidString)"
        let steering = "steering-\(UUID().uuidString)"
        // What the private registry asks for, and the form in which docker's configuration holds it.
        let password = "s3cret"
        let pair = Data("alice:\(password)".utf8).base64EncodedString()
        let secrets = [plain, steering, password, pair]
        let docker = try await Command.run(["which", "docker"]).output
            .trimmingCharacters(in: .newlines)
        try await withServer(
            ["--docker", TestEngine.fakeDocker],
            environment: ["FAKE_DOCKER_DIR": calls.folder, "FAKE_DOCKER_REAL": docker]
        ) { server, app in
            let body = try request(
                server,
                app,
                image: "\(try TestEngine.privateRegistry)/private:1",
                [
                    ("registry_auth", ["username": "alice", "password": .string(password)]),
                    (
                        "env_vars",
                        ["TOKEN": .string(plain), "HTTP_PROXY": .string("http://\(steering)")]
                    ),
                ]
            )
            let running = Goes()
            async let looks = look(for: secrets, while: running)
            let events: [StreamEvent]
            do {
                defer { running.end() }
                events = try await server.deploy(body)
            }
            let (rounds, dockers, found) = await looks
            #expect(found.isEmpty, "\(found)")
            #expect(rounds > 5 && dockers > 0, "\(rounds) looks saw \(dockers) docker commands")
            checkStream(events)
            let id = try #require(events.last?.data["deployment_id"]?.string)
            #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
            let inside = try await TestEngine.docker(
                "inspect",
                "-f",
                "{{json .Config.Env}}",
                "fractalic-\(app)"
            )
            #expect(inside.contains("TOKEN=\(plain)") && inside.contains(steering))

            var seen = events.map(\.block)
            for path in ["", "/events?limit=1000", "/stream"] {
                seen.append(try await server.request("GET", "/api/deployments/\(id)\(path)").body)
            }
            seen.append(try await server.request("GET", "/api/deploy/progress/\(id)").body)
            let recorded = FileManager.default.contents(atPath: calls.path("calls")) ?? Data()
            seen.append(String(decoding: recorded, as: UTF8.self))
            #expect(
                seen.last?.contains("--- system-dial-stdio") == true
                    && seen.last?.contains("pull") == true
            )
            for secret in secrets {
                #expect(!seen.contains { $0.contains(secret) }, "\(secret) was told")
                // The data directory and the log; ends with 1 if nothing is found.
                let found = try await Command.run(["grep", "-rlaF", secret, server.scratch.folder])
                #expect(found.status == 1, "\(secret) is in \(found.output)")
            }
        }
    }

    /// The value in the forms in which programs print values.
    private static func forms(of value: String) throws -> [String] {
        func escaped(_ text: String, _ isSafe: (UInt8) -> Bool, _ form: (UInt8) -> String) -> String
        {
            text.utf8.map { isSafe($0) ? String(UnicodeScalar($0)) : form($0) }.joined()
        }
        func isPlain(_ byte: UInt8) -> Bool {
            UnicodeScalar(byte).properties.isAlphabetic && byte < 0x80
                || (0x30...0x39).contains(byte)
        }
        func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        let json = JSONValue.string(value).text
        let go = json.replacing("<", with: #"\u003c"#).replacing("&", with: #"\u0026"#)
        let percent = escaped(value, isPlain) { "%\(hex($0).uppercased())" }
        return [
            value, json, go, JSONValue.string(json).text, JSONValue.string(percent).text,
            percent, percent.lowercased(), percent.replacing("%20", with: "+"),
            "'" + value.replacing("'", with: #"'\''"#) + "'",
            "'" + value.replacing("'", with: #"'"'"'"#) + "'",
            "$'" + escaped(value, isPlain) { "\\" + String(Int($0) + 512, radix: 8).suffix(3) }
                + "'",
            value.map { $0.isLetter || $0.isNumber ? "\($0)" : "\\\($0)" }.joined(),
            escaped(value, isPlain) { "\\x\(hex($0))" },
            "\(value.prefix(9))\n\(value.dropFirst(9))",
            String(repeating: "x", count: 1010) + value,
            String(repeating: "x", count: 2040) + value,
        ]
    }

    /// Whether something is masked in the line, or it is one of those that are too long for that.
    private static func isMasked(_ line: String) -> Bool {
        line.contains("***") || line.hasPrefix("xxx")
    }

    /// What a value must not be recognized by, in whichever form: its letters' middle.
    private func secret() -> (value: String, middle: String) {
        let middle = UUID().uuidString.replacing("-", with: "").lowercased()
        return (#"a<b>&"é\ 'c"# + middle + #"/$+%"#, middle)
    }

    private func expectNothing(
        of middle: String,
        in server: TestServer,
        _ seen: [String]
    ) async throws {
        for part in [middle, String(middle.prefix(16)), String(middle.suffix(16))] {
            #expect(!seen.contains { $0.lowercased().contains(part) }, "\(part) was told")
            let found = try await Command.run([
                "grep", "-rlaiF", part, server.data, server.log,
            ])
            #expect(found.status == 1, "\(part) is in \(found.output)")
        }
    }

    /// All that there is to be seen of a deployment.
    private func everything(_ server: TestServer, _ events: [StreamEvent]) async throws -> [String]
    {
        let id = try #require(events.last?.data["deployment_id"]?.string)
        var seen = events.map(\.block)
        for path in ["", "/events?limit=1000", "/stream"] {
            seen.append(try await server.request("GET", "/api/deployments/\(id)\(path)").body)
        }
        return seen
    }

    @Test func containerThatPrintsItsEnvironmentAndDiesTellsNoSecret() async throws {
        try await withServer { server, app in
            let (value, middle) = secret()
            let forms = try Self.forms(of: value)
            let folder = try server.app(app, ["forms": forms.joined(separator: "\n") + "\n"])
            let script =
                "env | grep TOKEN; export -p | grep TOKEN; cat /payload/\(app)/forms; exit 3"
            let events = try await server.deploy(
                try request(
                    server,
                    app,
                    [
                        ("script_folder", .string(folder)), ("copy", "before_start"),
                        ("env_vars", ["TOKEN": .string(value)]),
                        ("command", .strings(["sh", "-c", script])),
                    ]
                )
            )
            checkStream(events, copy: .beforeStart)
            let failure = events.last?.data["failure"]
            #expect(failure?["code"]?.string == "container_exited", "\(events.last?.block ?? "")")
            let tail = failure?["container_log_tail"]?.elements?.compactMap(\.string) ?? []
            #expect(tail.count >= forms.count && tail.allSatisfy(Self.isMasked), "\(tail)")
            try await expectNothing(of: middle, in: server, everything(server, events))
        }
    }

    @Test func pullThatPrintsTheEnvironmentAndFailsTellsNoSecret() async throws {
        let fake = try Scratch()
        defer { fake.remove() }
        let docker = try await Command.run(["which", "docker"]).output
            .trimmingCharacters(in: .newlines)
        try await withServer(
            ["--docker", TestEngine.fakeDocker],
            environment: ["FAKE_DOCKER_DIR": fake.folder, "FAKE_DOCKER_REAL": docker]
        ) { server, app in
            let (value, middle) = secret()
            // The terminal's width, and what moves its cursor, cut a value too.
            let forms =
                try Self.forms(of: value) + [
                    "\(value.prefix(20))\u{1B}[1B\(value.dropFirst(20))",
                    "Error response from daemon: \(value.prefix(30))\r\n\(value.dropFirst(30))",
                ]
            try fake.write("forms", forms.joined(separator: "\n") + "\n")
            try fake.write("pull", "cat \"$FAKE_DOCKER_DIR/forms\"; exit 1\n")
            let events = try await server.deploy(
                try request(server, app, [("env_vars", ["TOKEN": .string(value)])])
            )
            checkStream(events)
            let failure = events.last?.data["failure"]
            #expect(events.last?.failureCode == "internal", "\(events.last?.block ?? "")")
            let tail = failure?["output_tail"]?.elements?.compactMap(\.string) ?? []
            #expect(tail.count > 10 && tail.allSatisfy(Self.isMasked), "\(tail)")
            try await expectNothing(of: middle, in: server, everything(server, events))
        }
    }

    @Test func killedInThePullLeavesCredentialsInNoFileAfterTheNextStart() async throws {
        let fake = try Scratch()
        defer { fake.remove() }
        let docker = try await Command.run(["which", "docker"]).output
            .trimmingCharacters(in: .newlines)
        let environment = ["FAKE_DOCKER_DIR": fake.folder, "FAKE_DOCKER_REAL": docker]
        try fake.write("pull", "sleep 600\n")
        try await withServer(
            ["--docker", TestEngine.fakeDocker],
            environment: environment
        ) { server, app in
            let password = "swordfish-\(UUID().uuidString)"
            let pair = Data("robot:\(password)".utf8).base64EncodedString()
            let id = try await server.submit(
                try request(
                    server,
                    app,
                    [
                        ("registry_image", .string("\(try TestEngine.privateRegistry)/private:1")),
                        ("registry_auth", ["username": "robot", "password": .string(password)]),
                    ]
                )
            )
            let folder = "\(server.data)/private/\(id).docker"
            let modes: String = try await eventually("the pull begins") {
                guard FileManager.default.fileExists(atPath: fake.path("calls")),
                    let calls = FileManager.default.contents(atPath: fake.path("calls")),
                    String(decoding: calls, as: UTF8.self).contains("--- pull")
                else { return nil }
                return try await Command.run([
                    "stat", "-c", "%a", "\(server.data)/private", folder, "\(folder)/config.json",
                ]).output
            }
            #expect(modes == "700\n700\n600\n")
            let before = try await Command.run(["grep", "-rlaF", pair, server.data])
            #expect(before.output == "\(folder)/config.json\n")
            await server.end(SIGKILL)
            let next = try await TestServer(
                ["--docker", TestEngine.fakeDocker],
                environment: environment,
                scratch: server.scratch
            )
            let events = try await next.events(id)
            #expect(events.last?.failureCode == "interrupted", "\(events.last?.block ?? "")")
            for secret in [password, pair] {
                let found = try await Command.run(["grep", "-rlaF", secret, server.scratch.folder])
                #expect(found.status == 1, "\(secret) is in \(found.output)")
            }
            let left = try await Command.run(["find", server.data, "-path", "*private/*"])
            #expect(left.output == "", "no private file is left")
            await next.end()
        }
    }

    /// Looks at the arguments of all processes, again and again. Gives how often, how many docker
    /// commands were seen, and those with a secret.
    @concurrent
    private func look(
        for secrets: [String],
        while goesOn: Goes
    ) async -> (rounds: Int, dockers: Int, found: Set<String>) {
        let needles = secrets.map { Data($0.utf8) }
        var (rounds, dockers, found) = (0, 0, Set<String>())
        while goesOn.isTrue {
            rounds += 1
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
            for name in names where Int32(name) != nil {
                let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") ?? Data()
                if line.range(of: Data("docker".utf8)) != nil { dockers += 1 }
                if needles.contains(where: { line.range(of: $0) != nil }) {
                    found.insert(String(decoding: line, as: UTF8.self))
                }
            }
            // A docker command takes longer. Only a task that is cancelled throws.
            try? await Task.sleep(for: .milliseconds(2))
        }
        return (rounds, dockers, found)
    }

    /// Whether there is still something to look at.
    private final class Goes: Sendable {
        private let state = Mutex(true)

        var isTrue: Bool { state.withLock { $0 } }

        func end() { state.withLock { $0 = false } }
    }
}
