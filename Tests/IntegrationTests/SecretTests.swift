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
                events = try await server.deployFromFile(body)
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
                seen.last?.contains("--- create") == true && seen.last?.contains("pull") == true
            )
            for secret in secrets {
                #expect(!seen.contains { $0.contains(secret) }, "\(secret) was told")
                // The data directory and the log; ends with 1 where nothing is found.
                let found = try await Command.run(["grep", "-rlaF", secret, server.scratch.folder])
                #expect(found.status == 1, "\(secret) is in \(found.output)")
            }
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
            await Task.yield()
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

extension TestServer {
    /// Deploys with a body that is in no argument of the client's either.
    fileprivate func deployFromFile(_ body: JSONValue) async throws -> [StreamEvent] {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.write("body", body.text)
        let answer = try await Command.run([
            "curl", "-sS", "--no-buffer", "-X", "POST", "-H", "Content-Type: application/json",
            "--data-binary", "@\(scratch.path("body"))", "\(url)/api/deploy/docker-registry/stream",
        ])
        return try StreamEvent.parse(answer.output)
    }
}
