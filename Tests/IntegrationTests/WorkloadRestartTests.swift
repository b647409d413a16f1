import Deployments
import Foundation
import Testing

/// What happens to containers while the server, or the engine, is away.
@Suite(.serialized) struct WorkloadRestartTests {
    @Test func serverThatComesBackTellsWhatHasChangedMeanwhileAndNothingElse() async throws {
        try await withServer { server, app in
            let still = try await deployed(server, try request(server, app))
            var ids: [String: String] = [:]
            for name in ["stopped", "removed", "restarted"] {
                let body = try request(
                    server,
                    "\(app)-\(name)",
                    [("labels", ["of": .string(app)])]
                )
                ids[name] = try await deployed(server, body)
            }
            #expect(await server.end() == 0)
            for name in ["stopped", "restarted"] {
                try await TestEngine.docker("stop", try await container("\(app)-\(name)"))
            }
            try await TestEngine.docker("start", try await container("\(app)-restarted"))
            try await TestEngine.docker("rm", "-f", try await container("\(app)-removed"))
            let foreign = TestEngine.name("foreign")
            let image = try TestEngine.image("demo")
            let label = "slipway.deployment=\(DeploymentID())"
            try await TestEngine.docker("create", "--name", foreign, "--label", label, image)

            let next = try await TestServer(["--probe-interval", "1"], scratch: server.scratch)
            try await next.wait(for: try #require(ids["stopped"]), [.stopped])
            try await next.wait(for: try #require(ids["removed"]), [.removed])
            try await next.wait(for: try #require(ids["restarted"]), [.running])
            _ = try await eventually("the report of the foreign one") {
                next.logLines.contains { $0.contains("\(foreign) carries") } ? true : nil
            }
            #expect(next.workloads(still).isEmpty)
            #expect(try await next.record(still)["workload"]?["state"]?.string == "running")
            try await TestEngine.docker("rm", "-f", foreign)
            await next.end()
            for name in ids.keys { await TestEngine.remove(app: "\(app)-\(name)") }
        }
    }

    @Test func whatAFailedDeploymentHasLeftIsRemoved() async throws {
        try await withServer { server, app in
            let failed = try await server.submit(try request(server, app, image: "dies"))
            _ = try await server.events(failed)
            await server.end()
            let left = TestEngine.name("left")
            let copy = TestEngine.name("copy")
            var ids: [String: String] = [:]
            for name in [left, copy] {
                ids[name] = try await TestEngine.docker(
                    "create",
                    "--name",
                    name,
                    "--label",
                    "slipway.deployment=\(failed)",
                    try TestEngine.image("demo")
                ).trimmingCharacters(in: .newlines)
            }
            // One of them was created by the deployment, as far as the journal knows.
            let owning = try await Command.run([
                "python3", "-c",
                """
                import sqlite3, sys
                with sqlite3.connect(sys.argv[1] + "/journal.sqlite") as database:
                    database.execute(
                        "UPDATE containers SET container = ? WHERE creation ="
                        " (SELECT max(creation) FROM containers WHERE deployment = ?)", sys.argv[2:])
                """,
                server.data, try #require(ids[left]), failed,
            ])
            #expect(owning.status == 0, "\(owning.errors)")
            let next = try await TestServer(scratch: server.scratch)
            _ = try await eventually("its removal") {
                try await TestEngine.containers(label: "slipway.deployment=\(failed)").count == 1
                    ? true : nil
            }
            _ = try await eventually("the note") {
                next.logLines.contains { $0.contains(left) && $0.contains("is removed") }
                    ? true : nil
            }
            _ = try await eventually("the report of the copy") {
                next.logLines.contains { $0.contains(copy) && $0.contains("left alone") }
                    ? true : nil
            }
            try await TestEngine.docker("rm", "-f", copy)
            await next.end()
        }
    }

    @Test func engineThatGoesAndComesBackIsFollowedAgain() async throws {
        let scratch = try Scratch()
        let folder = scratch.path("engine")
        func engine(_ verb: String...) async throws { try await TestEngine.run(verb + [folder]) }
        try await engine("start", "--only", "engine")
        do {
            try await withServer([
                "--docker-host", "unix://\(folder)/docker.sock", "--probe-interval", "1",
            ]) { server, app in
                let always = try await deployed(
                    server,
                    try request(server, app, [("restart", "always")])
                )
                let unless = try await deployed(server, try request(server, "\(app)-unless"))
                // What was looked at before can be told to have been started again.
                let host = "unix://\(folder)/docker.sock"
                for (id, name) in [(always, app), (unless, "\(app)-unless")] {
                    try await TestEngine.docker("--host", host, "pause", "fractalic-\(name)")
                    try await server.wait(for: id, [.unhealthy])
                    try await TestEngine.docker("--host", host, "unpause", "fractalic-\(name)")
                    try await server.wait(for: id, [.unhealthy, .running])
                }

                // Ends its containers in good order, and starts both again.
                let told = [always, unless].map { ($0, server.workloads($0).count) }
                try await engine("restart")
                for (id, count) in told {
                    // They were healthy before, too.
                    _ = try await eventually("the health of \(id)") {
                        let events = server.workloads(id)
                        return events.count > count && events.last?.message == "frontend is healthy"
                            ? true : nil
                    }
                }
                #expect(losses(server) == 1)
                let endpoint = try #require(
                    try await server.record(always)["workload"]?["endpoint_url"]?.string
                )
                #expect(try await get("\(endpoint)/\(app)/index.html").hasPrefix("200"))

                // While it is away nothing is known of them.
                let before = server.workloads(always).count + server.workloads(unless).count
                try await engine("crash")
                _ = try await eventually("its loss") { losses(server) == 2 ? true : nil }
                let refused = try await server.request("POST", "/api/deployments/\(always)/stop")
                #expect(refused.status == 503, "\(refused.body)")
                #expect(try refused.json["code"]?.string == "docker_unavailable")
                #expect(
                    server.workloads(always).count + server.workloads(unless).count == before
                )
                try await engine("start", "--only", "engine")
                try await server.wait(for: always, [.running, .running])
                // The engine itself leaves this one as it is.
                try await server.wait(for: unless, [.stopped])
                let start = try await server.request("POST", "/api/deployments/\(unless)/start")
                #expect(start.status == 202, "\(start.body)")
                try await server.waitUntilBack(unless, after: [.stopped])
            }
        } catch {
            try await engine("stop")
            scratch.remove()
            throw error
        }
        try await engine("stop")
        scratch.remove()
    }

    /// How often the server has said that the engine is lost.
    private func losses(_ server: TestServer) -> Int {
        server.logLines.count { $0.contains("cannot be followed for now") }
    }
}
