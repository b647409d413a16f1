import Deployments
import Foundation
import Testing

/// What every stream of events must be.
func checkStream(_ events: [StreamEvent], copy: CopyOrder = .afterStart) {
    #expect(zip(events, events.dropFirst()).allSatisfy { $0.id < $1.id }, "ids increase")
    #expect(
        zip(events, events.dropFirst()).allSatisfy { $0.progress <= $1.progress },
        "progress never decreases"
    )
    for event in events {
        guard let stage = Stage(rawValue: event.stage) else {
            Issue.record("unknown stage \(event.stage)")
            continue
        }
        #expect(
            stage.band(copy).contains(Int(event.progress)),
            "\(event.stage) at \(event.progress)"
        )
    }
    let finals = events.filter { Stage(rawValue: $0.stage)?.isFinal == true }
    #expect(finals.count == 1, "one final event")
    #expect(events.last?.data["result"] != nil, "the last event is the final one")
    #expect(events.dropLast().allSatisfy { $0.data["result"] == nil }, "no other has a result")
    let order = [.queued] + Stage.pipeline(copy)
    let told = events.dropLast().compactMap { Stage(rawValue: $0.stage) }
    let places = told.compactMap { order.firstIndex(of: $0) }
    #expect(places == places.sorted(), "stages in order")
}

/// A server and an app for one test; both are gone when it ends.
func withServer(
    _ options: [String] = [],
    environment: [String: String] = [:],
    _ body: (TestServer, String) async throws -> Void
) async throws {
    let app = TestEngine.name("it")
    let server = try await TestServer(options, environment: environment)
    do {
        try await body(server, app)
    } catch {
        await TestEngine.remove(app: app)
        await server.stop()
        throw error
    }
    await TestEngine.remove(app: app)
    await server.stop()
}

/// A request to deploy a small folder with an image of the fixtures.
func request(
    _ server: TestServer,
    _ app: String,
    image: String = "demo",
    _ more: [(String, JSONValue)] = []
) throws -> JSONValue {
    let own = more.first { $0.0 == "script_folder" }?.1
    let folder = try own ?? .string(server.app(app, ["index.html": "hello from \(app)"]))
    var members = [
        JSONMember("script_name", .string(app)),
        JSONMember("script_folder", folder),
        JSONMember(
            "registry_image",
            .string(
                image.contains(":") && image.contains("/") ? image : try TestEngine.image(image)
            )
        ),
        JSONMember("ports", ["frontend": .integer(3000)]),
    ]
    for (name, value) in more {
        members.removeAll { $0.name == name }
        members.append(JSONMember(name, value))
    }
    return .object(members)
}

@Suite(.serialized) struct DeploymentTests {
    @Test func folderIsServedAtTheEndpoint() async throws {
        try await withServer { server, app in
            let folder = try server.app(
                app,
                [
                    "index.html": "<h1>hello</h1>", "sub/deep.txt": "deep", ".env": "SECRET=1",
                    "node_modules/x.js": "x", "app.log": "log", "drop.tmp": "t",
                    ".dockerignore": "*.tmp\n",
                ]
            )
            let events = try await server.deploy(
                try request(server, app, [("script_folder", .string(folder))])
            )
            checkStream(events)
            let final = try #require(events.last)
            #expect(final.stage == "completed", "\(final.message)")
            let result = try #require(final.data["result"])
            #expect(result["success"]?.bool == true)
            let pipeline = Stage.pipeline(.afterStart).map(\.rawValue)
            #expect(Set(events.map(\.stage)).isSuperset(of: pipeline))
            let endpoint = try #require(result["endpoint_url"]?.string)
            let page = try await get("\(endpoint)/\(app)/index.html")
            #expect(page == "200 <h1>hello</h1>")
            let deep = try await get("\(endpoint)/\(app)/sub/deep.txt")
            #expect(deep == "200 deep")
            for ignored in [".env", "node_modules/x.js", "app.log", "drop.tmp", ".dockerignore"] {
                #expect(
                    try await get("\(endpoint)/\(app)/\(ignored)").hasPrefix("404"),
                    "\(ignored)"
                )
            }
            let id = try #require(final.data["deployment_id"]?.string)
            let replay = try await server.events(id)
            #expect(replay.map(\.block) == events.map(\.block), "a replay is the same bytes")
            let second = try #require(events.dropFirst().first)
            let rest = try await server.request(
                "GET",
                "/api/deployments/\(id)/stream",
                headers: ["Last-Event-ID": "\(second.id)"]
            )
            #expect(try StreamEvent.parse(rest.body) == Array(events.dropFirst(2)))
        }
    }

    @Test func copyBeforeStartFillsTheContainerBeforeItsProgramRuns() async throws {
        try await withServer { server, app in
            let events = try await server.deploy(
                try request(
                    server,
                    app,
                    [
                        ("copy", "before_start"),
                        (
                            "command",
                            .strings([
                                "sh", "-c",
                                "cat /payload/\(app)/index.html && exec httpd -f -p 3000 -h /payload",
                            ])
                        ),
                    ]
                )
            )
            checkStream(events, copy: .beforeStart)
            #expect(events.last?.stage == "completed", "\(events.last?.message ?? "")")
        }
    }

    @Test func layersArePulledWithProgressByBytes() async throws {
        try await withServer { server, app in
            // Nine seconds: time enough for twenty details on a machine that is busy.
            try await TestEngine.withSlowRegistry(rate: "10M") { registry in
                // By whatever registry it came before, none of its layers is to be here.
                let images = ["docker", "image", "ls", "--quiet", "--filter", "reference=*/layers"]
                let known = try await Command.run(images).output.split(whereSeparator: \.isNewline)
                if !known.isEmpty {
                    let removed = try await Command.run(
                        ["docker", "image", "rm", "--force"] + Set(known).map(String.init)
                    )
                    #expect(removed.status == 0, "\(removed.errors)")
                }
                let image = "\(registry)/layers:1"
                let events = try await server.deploy(try request(server, app, image: image))
                checkStream(events)
                #expect(events.last?.stage == "completed", "\(events.last?.message ?? "")")
                let details = events.filter { $0.stage == "pulling_image" }.compactMap {
                    $0.data["detail"]
                }
                #expect(Set(details.map(\.text)).count >= 20)
                let done = details.compactMap { $0["bytes_done"]?.integer }
                #expect(done == done.sorted())
                let last = try #require(details.last)
                #expect(last["bytes_done"]?.integer == last["bytes_total"]?.integer)
                #expect((last["bytes_total"]?.integer ?? 0) >= 60_000_000)
                #expect((last["layers_total"]?.integer ?? 0) >= 5)
            }
        }
    }

    @Test func eightAtOnceSucceedOnPortsOfTheirOwn() async throws {
        try await withServer(["--max-deployments", "8"]) { server, app in
            let finals = try await withThrowingTaskGroup(of: StreamEvent?.self) { group in
                for number in 0..<8 {
                    let body = try request(
                        server,
                        app,
                        [("container_name", .string("\(app)-\(number)"))]
                    )
                    group.addTask { try await server.deploy(body).last }
                }
                var finals: [StreamEvent] = []
                for try await final in group {
                    if let final { finals.append(final) }
                }
                return finals
            }
            #expect(finals.allSatisfy { $0.stage == "completed" })
            let urls = Set(finals.compactMap { $0.data["result"]?["endpoint_url"]?.string })
            #expect(urls.count == 8)
        }
    }

    @Test func environmentReachesTheContainerAndNothingElse() async throws {
        try await withServer { server, app in
            let secret = "s3cret-\(UUID().uuidString)"
            let events = try await server.deploy(
                try request(
                    server,
                    app,
                    [
                        (
                            "env_vars",
                            [
                                "TOKEN": .string(secret), "LINES": .string("one\n\(secret)\nthree"),
                                "HTTP_PROXY": .string("http://\(secret)"),
                            ]
                        ),
                        (
                            "command",
                            .strings([
                                "sh", "-c",
                                "echo $TOKEN; echo \"$LINES\"; env > /payload/env;"
                                    + " exec httpd -f -p 3000 -h /payload",
                            ])
                        ),
                    ]
                )
            )
            let final = try #require(events.last)
            #expect(final.stage == "completed", "\(final.message)")
            let endpoint = try #require(final.data["result"]?["endpoint_url"]?.string)
            let inside = try await get("\(endpoint)/env")
            #expect(inside.contains("TOKEN=\(secret)"))
            #expect(inside.contains("one\n\(secret)\nthree"))
            #expect(inside.contains("HTTP_PROXY=http://\(secret)"))
            #expect(!events.contains { $0.block.contains(secret) })
            let id = try #require(final.data["deployment_id"]?.string)
            #expect(try await !server.record(id).text.contains(secret))
            // Wherever the server writes: its data, its log.
            let found = try await Command.run(["grep", "-rlF", secret, server.scratch.folder])
            #expect(found.output == "", "\(found.output)")
        }
    }

    @Test func failedRequestIsAnsweredWithEveryFault() async throws {
        try await withServer { server, _ in
            let answer = try await server.request(
                "POST",
                "/api/deployments",
                body: [
                    "script_name": "-x", "script_folder": "/nowhere", "prots": [:],
                    "registry_image": "--privileged",
                ]
            )
            #expect(answer.status == 400)
            #expect(answer.headers["content-type"] == "application/problem+json")
            let fields = try answer.json["errors"]?.elements?.compactMap { $0["field"]?.string }
            #expect(
                Set(fields ?? [])
                    == ["script_name", "script_folder", "prots", "registry_image"]
            )
        }
    }
}

/// The status and the body that a URL answers with.
func get(_ url: String) async throws -> String {
    let command = try await Command.run([
        "curl", "-s", "--max-time", "10", "-w", "\n%{http_code}", url,
    ])
    guard let end = command.output.lastIndex(of: "\n") else { return command.output }
    return "\(command.output[command.output.index(after: end)...]) \(command.output[..<end])"
}
