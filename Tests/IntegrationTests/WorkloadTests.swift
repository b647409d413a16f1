import Deployments
import Foundation
import Testing

/// What becomes of containers after their deployment, on a real engine.
@Suite(.serialized) struct WorkloadTests {
    /// Probes often, so that nothing is waited for long.
    private static let often = ["--probe-interval", "1"]

    // MARK: What is told

    @Test func programThatIsKilledIsStartedAgainAndFoundAtItsNewPort() async throws {
        try await withServer(Self.often) { server, app in
            let id = try await deployed(server, try request(server, app))
            let before = try await server.record(id)["workload"]?["endpoint_url"]?.string
            try await kill(app)
            try await server.waitUntilBack(id, after: [.restarting])
            let workload = try #require(try await server.record(id)["workload"])
            #expect(workload["state"]?.string == "running")
            #expect(workload["health"]?["frontend"]?.bool == true, "\(workload)")
            let endpoint = try #require(workload["endpoint_url"]?.string)
            #expect(endpoint != before)
            #expect(try await get("\(endpoint)/\(app)/index.html") == "200 hello from \(app)")
            #expect(server.workloads(id).first?.message.contains("exit code 137") == true)
            #expect(try await server.record(id)["result"]?["endpoint_url"]?.string == before)
        }
    }

    @Test func programThatEndsForGoodHasStopped() async throws {
        try await withServer { server, app in
            let id = try await deployed(server, try request(server, app, [("restart", "no")]))
            try await kill(app)
            try await server.wait(for: id, [.stopped])
            let record = try await server.record(id)
            #expect(record["workload"]?["exit_code"]?.integer == 137)
            #expect(record["workload"]?["urls"]?.members?.isEmpty == true)
            #expect(record["status"]?.string == "success")
            #expect(steps(record) == ["failed", "skipped", "success"])
        }
    }

    @Test func whatIsDoneByHandIsTold() async throws {
        try await withServer(Self.often) { server, app in
            // Takes its time to stop: what is over before it is looked at is told as its end alone.
            let id = try await deployed(server, try request(server, app, image: "stubborn"))
            let container = try await container(app)
            try await TestEngine.docker("stop", "-t", "5", container)
            try await server.wait(for: id, [.stopping, .stopped])
            #expect(steps(try await server.record(id)) == ["success", "success", "success"])
            try await TestEngine.docker("start", container)
            try await server.waitUntilBack(id, after: [.stopping, .stopped])
            #expect(steps(try await server.record(id)) == ["running", "pending", "pending"])
            try await TestEngine.docker("pause", container)
            try await server.wait(for: id, [.running, .unhealthy])
            try await TestEngine.docker("unpause", container)
            try await server.wait(for: id, [.unhealthy, .running])
            try await TestEngine.docker("rm", "-f", container)
            try await server.wait(for: id, [.removed])
            let refused = try await server.request("POST", "/api/deployments/\(id)/start")
            #expect(refused.status == 409 && refused.body.contains("removed"), "\(refused.body)")
        }
    }

    @Test func portThatFailsTwiceIsUnhealthyUntilItIsWellAgain() async throws {
        try await withServer(Self.often) { server, app in
            let port: JSONValue = [
                "container": .integer(3000), "path": .string("/\(app)/index.html"),
            ]
            let id = try await deployed(
                server,
                try request(server, app, [("ports", ["frontend": port])])
            )
            let container = try await container(app)
            let (file, aside) = ("/payload/\(app)/index.html", "/tmp/index.html")
            try await TestEngine.docker("exec", container, "mv", file, aside)
            try await server.wait(for: id, [.unhealthy])
            // Where the machine is busy, the second may be no answer at all.
            let message = server.workloads(id).last?.message ?? ""
            let reasons = ["HTTP status 404", "no answer within 5 s"]
            #expect(reasons.contains { message == "Not healthy: frontend (\($0))" }, "\(message)")
            #expect(
                try await server.record(id)["workload"]?["health"]?["frontend"]?.bool == false
            )
            try await TestEngine.docker("exec", container, "mv", aside, file)
            try await server.wait(for: id, [.unhealthy, .running])
        }
    }

    @Test func imagesOwnCheckIsHeeded() async throws {
        try await withServer { server, app in
            let id = try await deployed(server, try request(server, app, image: "healthcheck"))
            let container = try await container(app)
            try await TestEngine.docker("exec", container, "rm", "/tmp/ready")
            try await server.wait(for: id, [.unhealthy])
            try await TestEngine.docker("exec", container, "touch", "/tmp/ready")
            try await server.wait(for: id, [.unhealthy, .running])
        }
    }

    @Test func nothingIsWrittenWhileNothingChanges() async throws {
        try await withServer(Self.often) { server, app in
            let id = try await deployed(
                server,
                try request(
                    server,
                    app,
                    image: "healthcheck",
                    [("ports", ["frontend": .integer(3000), "backend": .integer(9999)])]
                )
            )
            let container = try await container(app)
            let before = try await connections(container)
            _ = try await eventually("probes") {
                try await connections(container) >= before + 5 ? true : nil
            }
            #expect(server.workloads(id).isEmpty)
        }
    }

    @Test func containerThatIsReplacedIsTold() async throws {
        try await withServer { server, app in
            let first = try await deployed(server, try request(server, app, image: "web:1"))
            let second = try await deployed(server, try request(server, app, image: "web:2"))
            // A program that ends at once may have ended before anybody looks.
            try await server.wait(for: first, [.stopped, .removed])
            #expect(server.workloads(second).isEmpty)
            let refused = try await server.request("POST", "/api/deployments/\(first)/start")
            #expect(refused.status == 409)
            #expect(try refused.json["deployment_id"]?.string == second)
        }
    }

    // MARK: Control

    @Test func stopAndStartAreAnsweredAndTold() async throws {
        try await withServer(Self.often) { server, app in
            let id = try await deployed(server, try request(server, app, image: "stubborn"))
            let stop = try await server.request(
                "POST",
                "/api/deployments/\(id)/stop",
                body: ["timeout_seconds": .integer(600)]
            )
            #expect(stop.status == 202)
            #expect(try stop.json["workload"]?["state"]?.string == "stopping")
            #expect(steps(try stop.json) == ["success", "running", "pending"])
            // It has not stopped by now, and will sooner than the first call allows.
            let second = try await server.request(
                "POST",
                "/api/deployments/\(id)/stop",
                body: ["timeout_seconds": .integer(1)]
            )
            #expect(second.status == 202)
            try await server.wait(for: id, [.stopping, .stopped])
            #expect(try await server.record(id)["workload"]?["exit_code"]?.integer == 137)
            let again = try await server.request("POST", "/api/deployments/\(id)/stop")
            #expect(again.status == 409)
            let start = try await server.request("POST", "/api/deployments/\(id)/start")
            #expect(start.status == 202, "\(start.body)")
            #expect(try start.json["workload"]?["state"]?.string == "running", "\(start.body)")
            let endpoint = try #require(try start.json["workload"]?["endpoint_url"]?.string)
            try await server.waitUntilBack(id, after: [.stopping, .stopped])
            #expect(try await get("\(endpoint)/\(app)/index.html") == "200 hello from \(app)")
            #expect(
                try await server.request("POST", "/api/deployments/\(id)/start").status == 409
            )
        }
    }

    @Test func stopOfAContainerThatIsBeingReplacedDoesNotBreakTheReplacing() async throws {
        try await withServer { server, app in
            let first = try await deployed(server, try request(server, app, image: "web:1"))
            let second = try await server.submit(try request(server, app, image: "slow"))
            _ = try await server.reach("health_check", second)
            let stop = try await server.request("POST", "/api/deployments/\(first)/stop")
            #expect(stop.status == 202, "\(stop.body)")
            try await server.wait(for: first, [.stopping, .stopped])
            let start = try await server.request("POST", "/api/deployments/\(first)/start")
            #expect(start.status == 409)
            #expect(try start.json["deployment_id"]?.string == second)
            #expect(try await server.events(second).last?.stage == "completed")
            try await server.wait(for: first, [.stopping, .stopped, .removed])
            #expect(try await TestEngine.containers(label: "slipway.app=\(app)").count == 1)
        }
    }

    @Test func whatIsStoppedWhileItIsReplacedIsNotStartedByAFailure() async throws {
        try await withServer { server, app in
            let port = OwnPorts.free()
            func fixed(_ container: Int) -> (String, JSONValue) {
                ("ports", ["frontend": ["container": .integer(container), "host": .integer(port)]])
            }
            let first = try await deployed(
                server,
                try request(server, app, image: "web:2", [fixed(3000)])
            )
            let folder = try server.app(app, ["index.html": "x"])
            let big = "\(folder)/big"
            #expect(try await Command.run(["truncate", "-s", "256M", big]).status == 0)
            let second = try await server.submit(
                try request(
                    server,
                    app,
                    [
                        fixed(9999), ("copy", "before_start"), ("script_folder", .string(folder)),
                        ("health", ["timeout_seconds": .integer(1)]),
                    ]
                )
            )
            _ = try await server.reach("copying_files", second)
            let stop = try await server.request("POST", "/api/deployments/\(first)/stop")
            #expect(stop.status == 202, "\(stop.body)")
            let end = try #require(try await server.events(second).last)
            #expect(end.failureCode == "health_check_failed", "\(end.block)")
            #expect(server.workloads(first).map(\.state) == [.stopping, .stopped])
            #expect(try await server.record(first)["workload"]?["state"]?.string == "stopped")
        }
    }

    @Test func whatCannotBeStoppedOrStartedIsRefused() async throws {
        try await withServer { server, app in
            let failed = try await server.submit(try request(server, app, image: "dies"))
            _ = try await server.events(failed)
            let unknown = DeploymentID().text
            for (path, status) in [
                ("\(failed)/stop", 409), ("\(failed)/start", 409), ("\(failed)/logs", 409),
                ("\(unknown)/stop", 404), ("\(unknown)/start", 404), ("garbage/stop", 404),
            ] {
                let method = path.hasSuffix("logs") ? "GET" : "POST"
                let answer = try await server.request(method, "/api/deployments/\(path)")
                #expect(answer.status == status, "\(path): \(answer.body)")
                #expect(answer.headers["content-type"] == "application/problem+json")
            }
            for (body, field) in [
                (["seconds": .integer(1)], "seconds"),
                (["timeout_seconds": .integer(3601)], "timeout_seconds"),
                (["timeout_seconds": "1"], "timeout_seconds"), (.array([]), ""),
            ] as [(JSONValue, String)] {
                let answer = try await server.request(
                    "POST",
                    "/api/deployments/\(failed)/stop",
                    body: body
                )
                #expect(answer.status == 400, "\(answer.body)")
                let faults = try answer.json["errors"]?.elements?.map { $0["field"]?.string }
                #expect(faults == [field])
            }
        }
    }

    // MARK: Helpers

    private func steps(_ record: JSONValue) -> [String] {
        (record["stages"]?.elements ?? []).suffix(3).compactMap { $0["status"]?.string }
    }

    /// Kills the program in the app's container from outside.
    private func kill(_ app: String) async throws {
        let pid = try await TestEngine.docker(
            "inspect",
            "-f",
            "{{.State.Pid}}",
            try await container(app)
        )
        let killed = try await Command.run(["kill", "-KILL", pid.filter { !$0.isWhitespace }])
        #expect(killed.status == 0)
    }

    /// How many connections the container has accepted.
    private func connections(_ container: String) async throws -> Int {
        let table = try await TestEngine.docker("exec", container, "cat", "/proc/net/snmp")
        let rows = table.split(separator: "\n").filter { $0.hasPrefix("Tcp:") }
            .map { $0.split(separator: " ") }
        guard rows.count == 2, let column = rows[0].firstIndex(of: "PassiveOpens") else {
            throw TestFailure("not a table: \(table)")
        }
        return Int(rows[1][column]) ?? 0
    }
}

/// Deploys, and gives the id of the deployment, which must succeed.
func deployed(_ server: TestServer, _ body: JSONValue) async throws -> String {
    let events = try await server.deploy(body)
    guard let last = events.last, last.stage == "completed",
        let id = last.data["deployment_id"]?.string
    else { throw TestFailure(events.last?.block ?? "no events") }
    return id
}

/// The app's only container.
func container(_ app: String) async throws -> String {
    let ids = try await TestEngine.containers(label: "slipway.app=\(app)")
    guard let id = ids.first, ids.count == 1 else { throw TestFailure("containers: \(ids)") }
    return id
}

extension TestServer {
    /// What the server has logged of a deployment's container, in order.
    func workloads(_ id: String) -> [(state: WorkloadState, message: String)] {
        logLines.compactMap { line in
            let words = line.split(separator: " ", maxSplits: 5).map(String.init)
            guard words.count == 6, words[1] == id, words[3] == "workload",
                let state = WorkloadState(rawValue: words[4])
            else { return nil }
            return (state, words[5])
        }
    }

    /// Waits until the container has come to stand so, these states in a row being the last.
    func wait(for id: String, _ states: [WorkloadState]) async throws {
        do {
            _ = try await eventually("\(states)") {
                workloads(id).map(\.state).suffix(states.count) == states[...] ? true : nil
            }
        } catch {
            let log = logLines.suffix(40).joined(separator: "\n")
            throw TestFailure("\(error), but \(workloads(id)) of \(id):\n\(log)")
        }
    }

    /// Waits until the container is up again after these states, and all its ports are healthy.
    /// The first probe's answer is told with the start or after it, whichever comes first.
    func waitUntilBack(_ id: String, after states: [WorkloadState]) async throws {
        _ = try await eventually("\(id) to be back after \(states), healthy") { () -> Bool? in
            var told = workloads(id).map(\.state)
            while told.suffix(2) == [.running, .running] { told.removeLast() }
            guard told.suffix(states.count + 1) == states + [.running] else { return nil }
            let health = try await record(id)["workload"]?["health"]?.members ?? []
            return health.allSatisfy { $0.value.bool == true } ? true : nil
        }
    }
}
