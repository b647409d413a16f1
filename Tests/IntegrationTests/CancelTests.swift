import Deployments
import Foundation
import Testing

/// Cancelling in each stage, and what shares a container name.
@Suite(.serialized) struct CancelTests {
    @Test(arguments: [
        Stage.pullingImage, .startingContainer, .copyingFiles, .healthCheck,
    ])
    func cancelUndoesEverything(_ stage: Stage) async throws {
        guard stage == .pullingImage else { return try await cancel(stage, image: "slow") }
        // No other test may have it here, or take it away; and it takes its time.
        _ = try await Command.run(["docker", "rmi", "-f", try TestEngine.image("large:2")])
        try await TestEngine.withSlowRegistry(rate: "8M") { registry in
            try await cancel(stage, image: "\(registry)/large:2")
        }
    }

    private func cancel(_ stage: Stage, image: String) async throws {
        try await withServer { server, app in
            try await server.settle()
            var more: [(String, JSONValue)] = [
                ("health", ["timeout_seconds": .integer(60)])
            ]
            var image = image
            if stage == .copyingFiles {
                image = "demo"
                // Sparse, so that it costs no disk here; copying it takes seconds.
                let folder = try server.app(app, ["index.html": "x"])
                let big = try FileHandle(
                    forWritingTo: {
                        let path = "\(folder)/big"
                        _ = FileManager.default.createFile(atPath: path, contents: nil)
                        return URL(fileURLWithPath: path)
                    }()
                )
                try big.truncate(atOffset: 1 << 30)
                try big.close()
                more.append(("script_folder", .string(folder)))
            }
            if stage == .healthCheck { more.append(("ports", ["frontend": .integer(9999)])) }
            let id = try await server.submit(try request(server, app, image: image, more))
            let reached = try await server.reach(stage.rawValue, id)
            #expect(reached["stage"]?.string == stage.rawValue)
            let first = try await server.request("POST", "/api/deployments/\(id)/cancel")
            #expect(first.status == 202)
            let events = try await server.events(id)
            checkStream(events)
            let final = try #require(events.last)
            #expect(final.stage == "cancelled", "\(final.block)")
            #expect(final.failureCode == "cancelled")
            let undone = final.data["failure"]?["undone"]?.elements ?? []
            #expect(undone.isEmpty == (stage == .pullingImage), "\(final.block)")
            let again = try await server.request("POST", "/api/deployments/\(id)/cancel")
            #expect(again.status == 409)
            #expect(try await TestEngine.containers(label: "slipway.app=\(app)").isEmpty)
            let children = try await server.children()
            #expect(children.isEmpty, "\(children) is left")
            let files = try await Command.run(["find", server.data, "-path", "*private/*"])
            #expect(files.output == "", "no private file is left")
        }
    }

    @Test func cancelWhileTheFilesAreCollected() async throws {
        try await withServer { server, app in
            let folder = try server.app(app, ["index.html": "x"])
            // So many that collecting them takes longer than everything before.
            let made = try await Command.run(
                ["bash", "-c", "mkdir many && cd many && seq 1 60000 | xargs touch"],
                in: folder
            )
            #expect(made.status == 0)
            let id = try await server.submit(
                try request(server, app, [("script_folder", .string(folder))])
            )
            let reached = try await server.reach("preparing_files", id)
            #expect(reached["stage"]?.string == "preparing_files")
            #expect(
                try await server.request("POST", "/api/deployments/\(id)/cancel").status == 202
            )
            let events = try await server.events(id)
            checkStream(events)
            #expect(events.last?.stage == "cancelled", "\(events.last?.block ?? "")")
            #expect(try await TestEngine.containers(label: "slipway.app=\(app)").isEmpty)
        }
    }

    @Test func deploymentThatWaitsIsCancelledAtOnce() async throws {
        try await withServer(["--max-deployments", "1"]) { server, app in
            let busy = try await server.submit(
                try request(server, app, image: "slow", [("ports", ["frontend": .integer(9999)])])
            )
            let waiting = try await server.submit(
                try request(server, app, [("container_name", .string("\(app)-2"))])
            )
            #expect(try await server.record(waiting)["status"]?.string == "queued")
            #expect(
                try await server.request("POST", "/api/deployments/\(waiting)/cancel").status == 202
            )
            let events = try await server.events(waiting)
            checkStream(events)
            #expect(events.map(\.stage) == ["queued", "cancelled"])
            _ = try await server.request("POST", "/api/deployments/\(busy)/cancel")
            #expect(try await server.events(busy).last?.stage == "cancelled")
        }
    }

    @Test func sameNameTwiceWaitsIsRejectedOrSupersedes() async throws {
        try await withServer { server, app in
            let slow = try request(server, app, image: "slow")
            let first = try await server.submit(slow)
            let second = try await server.submit(slow)
            #expect(try await server.record(second)["status"]?.string == "queued")
            let rejected = try await server.request(
                "POST",
                "/api/deployments",
                body: try request(server, app, image: "slow", [("on_conflict", "reject")])
            )
            #expect(rejected.status == 409)
            #expect(try rejected.json["deployment_id"]?.string == first)
            let third = try await server.submit(
                try request(server, app, image: "slow", [("on_conflict", "supersede")])
            )
            let superseded = try await server.events(second)
            #expect(superseded.last?.stage == "superseded")
            #expect(superseded.last?.failureCode == "superseded")
            #expect(try await server.events(first).last?.stage == "completed")
            let last = try await server.events(third)
            checkStream(last)
            #expect(last.map(\.stage).first == "queued")
            #expect(last.last?.stage == "completed", "\(last.last?.block ?? "")")
            #expect(last.last?.data["result"]?["metadata"]?["replaced"]?.string != nil)
            #expect(try await TestEngine.containers(label: "slipway.app=\(app)").count == 1)
        }
    }
}
