import Deployments
import Foundation
import Testing

/// What becomes of deployments when the server ends in the middle and is started again.
@Suite(.serialized) struct RestartTests {
    /// Ends the server and starts another on the same data.
    private func restart(
        _ server: TestServer,
        _ signal: Int32 = SIGKILL,
        _ options: [String] = []
    ) async throws -> TestServer {
        let status = await server.end(signal)
        #expect(signal == SIGKILL || status == 0)
        return try await TestServer(options, scratch: server.scratch)
    }

    /// The one container of an app: its name and id.
    private func container(_ app: String) async throws -> String {
        try await TestEngine.docker(
            "ps",
            "-a",
            "--no-trunc",
            "--filter",
            "label=slipway.app=\(app)",
            "--format",
            "{{.Names}} {{.ID}}"
        )
    }

    private func expectNothingPrivate(_ server: TestServer) async throws {
        let files = try await Command.run(["find", server.data, "-path", "*private/*"])
        #expect(files.output == "", "no private file is left")
    }

    @Test(
        arguments: [
            Stage.validating, .pullingImage, .startingContainer, .copyingFiles,
            .healthCheck,
        ],
        [CopyOrder.afterStart, .beforeStart]
    )
    func killedServerGoesOnFromTheStage(_ stage: Stage, _ copy: CopyOrder) async throws {
        try await withServer { server, app in
            var image = "demo"
            var more: [(String, JSONValue)] = [
                ("container_name", .string("c-\(app)")), ("copy", .string(copy.rawValue)),
                ("env_vars", ["SECRET": "correct horse"]),
            ]
            switch stage {
            case .pullingImage:
                // No other test may have it here, or take it away.
                image = "large:1"
                _ = try await Command.run(["docker", "rmi", "-f", try TestEngine.image(image)])
            case .copyingFiles:
                let folder = try server.app(app, ["index.html": "copied"])
                _ = try await Command.run(["truncate", "-s", "300M", "\(folder)/big"])
                more.append(("script_folder", .string(folder)))
            case .healthCheck: image = "slow"
            default: break
            }
            let body = try request(server, app, image: image, more)
            let id = try await server.submit(body)
            let reached = try await server.reach(stage.rawValue, id)
            // Some stages are over before the answer is here.
            let isBrief = stage == .validating || stage == .startingContainer
            #expect(isBrief || reached["stage"]?.string == stage.rawValue)
            let page = try await server.request("GET", "/api/deployments/\(id)/events?limit=1000")
            let seen = try page.json["events"]?.elements?.map { event in
                JSONValue.object((event.members ?? []).filter { $0.name != "event_id" })
            }
            let before = try await container(app)

            let next = try await restart(server)
            let events = try await next.events(id)
            checkStream(events, copy: copy)
            #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
            #expect(events.prefix(seen?.count ?? 0).map(\.data) == seen, "replayed as it was")
            let after = try await container(app)
            #expect(
                after.hasPrefix("c-\(app) ") && after.split(separator: "\n").count == 1,
                "\(after)"
            )
            // Before the files are copied, the container may still be in the making.
            if stage == .healthCheck || (stage == .copyingFiles && before != "") {
                #expect(after == before, "the container is taken over")
            }
            let variables = try await TestEngine.docker(
                "inspect",
                "-f",
                "{{json .Config.Env}}",
                "c-\(app)"
            )
            #expect(variables.contains("\"SECRET=correct horse\""))
            let record = try await next.record(id)
            #expect(record["status"]?.string == "success")
            try await expectNothingPrivate(next)
            await next.end()
        }
    }

    @Test func waitingDeploymentsGoOnInTheirOrder() async throws {
        try await withServer(["--max-deployments", "1"]) { server, app in
            var ids: [String] = []
            for number in 0..<3 {
                let more = [("container_name", JSONValue.string("c\(number)-\(app)"))]
                let image = number == 0 ? "slow" : "demo"
                ids.append(try await server.submit(try request(server, app, image: image, more)))
            }
            _ = try await server.reach("health_check", ids[0])
            let next = try await restart(server, SIGKILL, ["--max-deployments", "1"])
            var finals: [Int64] = []
            for id in ids {
                let events = try await next.events(id)
                checkStream(events)
                #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
                finals.append(events.last?.id ?? 0)
            }
            #expect(finals == finals.sorted())
            await next.end()
        }
    }

    @Test func signalLeavesWhatRunsAndWaitsForTheNextStart() async throws {
        try await withServer(["--max-deployments", "1", "--drain", "0"]) { server, app in
            let names = ["a-\(app)", "b-\(app)"].map { [("container_name", JSONValue.string($0))] }
            let running = try await server.submit(
                try request(server, app, image: "slow", names[0])
            )
            let waiting = try await server.submit(try request(server, app, names[1]))
            _ = try await server.reach("health_check", running)
            let before = try await TestEngine.containers(label: "slipway.app=\(app)")
            let next = try await restart(server, SIGTERM)
            for id in [running, waiting] {
                let events = try await next.events(id)
                checkStream(events)
                #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
            }
            let after = try await TestEngine.containers(label: "slipway.app=\(app)")
            #expect(after.contains(before[0]), "the container is taken over")
            await next.end()
        }
    }

    @Test func cancelledDeploymentStaysCancelled() async throws {
        try await withServer { server, app in
            // Its program does not end when it is asked to, so undoing takes a while.
            let id = try await server.submit(try request(server, app, image: "slow"))
            _ = try await server.reach("health_check", id)
            let cancel = try await server.request("POST", "/api/deployments/\(id)/cancel")
            #expect(cancel.status == 202)
            let next = try await restart(server)
            let events = try await next.events(id)
            checkStream(events)
            #expect(events.last?.stage == "cancelled", "\(events.last?.block ?? "")")
            #expect(try await TestEngine.containers(label: "slipway.app=\(app)").isEmpty)
            await next.end()
        }
    }

    @Test func killedWhileReplacingLeavesOneOfBothServing() async throws {
        try await withServer { server, app in
            let name = [("container_name", JSONValue.string("c-\(app)"))]
            let old = try await server.deploy(try request(server, app, image: "web:1", name))
            #expect(old.last?.stage == "completed")
            let id = try await server.submit(try request(server, app, image: "web:2", name))
            for _ in 0..<2000 {
                let progress = try await server.request("GET", "/api/deploy/progress/\(id)")
                if progress.body.contains("Replacing") || progress.body.contains("\"result\"") {
                    break
                }
            }
            let next = try await restart(server)
            let events = try await next.events(id)
            checkStream(events)
            #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
            let after = try await container(app)
            #expect(
                after.hasPrefix("c-\(app) ") && after.split(separator: "\n").count == 1,
                "\(after)"
            )
            let url = events.last?.data["result"]?["endpoint_url"]?.string ?? ""
            #expect(try await get("\(url)/version").hasPrefix("200 two"))
            await next.end()
        }
    }

    @Test func credentialsAreNotKeptSoThePullCannotGoOn() async throws {
        try await withServer(["--max-deployments", "1"]) { server, app in
            let first = try await server.submit(try request(server, app, image: "slow"))
            let more: [(String, JSONValue)] = [
                ("registry_image", .string("\(try TestEngine.privateRegistry)/private:1")),
                ("registry_auth", ["username": "robot", "password": "swordfish-1234"]),
                ("container_name", .string("private-\(app)")),
            ]
            let second = try await server.submit(try request(server, app, more))
            let next = try await restart(server)
            #expect(try await next.events(first).last?.stage == "completed")
            let events = try await next.events(second)
            checkStream(events)
            #expect(events.last?.failureCode == "interrupted", "\(events.last?.block ?? "")")
            try await expectNothingPrivate(next)
            await next.end()
        }
    }
}
