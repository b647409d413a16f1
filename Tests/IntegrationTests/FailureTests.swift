import Deployments
import Foundation
import Testing

/// Each failure that a real engine can be made to show.
@Suite(.serialized) struct FailureTests {
    /// A case: what is asked for on top of the usual request, and what comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let code: FailureCode
        let stage: Stage
        var image = "demo"
        var more: [(String, JSONValue)] = []

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "unknown tag", code: .imageNotFound, stage: .pullingImage, image: "demo:nosuch"),
        Case(name: "unknown image", code: .imageNotFound, stage: .pullingImage, image: "nosuch"),
        Case(
            name: "image that must be here and is not",
            code: .imageNotFound,
            stage: .pullingImage,
            image: "nosuch",
            more: [("pull", "never")]
        ),
        Case(
            name: "no registry",
            code: .registryUnreachable,
            stage: .pullingImage,
            image: "localhost:1/x:1"
        ),
        Case(
            name: "command not found",
            code: .commandNotFound,
            stage: .startingContainer,
            image: "nocommand"
        ),
        Case(
            name: "command of the request not found",
            code: .commandNotFound,
            stage: .startingContainer,
            more: [("command", .strings(["/no/such/program"]))]
        ),
        Case(
            name: "folder that cannot be made in the container",
            code: .copyFailed,
            stage: .copyingFiles,
            more: [("container_path", "/bin/busybox/below")]
        ),
        Case(name: "dead container", code: .containerExited, stage: .healthCheck, image: "dies"),
        Case(
            name: "platform mismatch",
            code: .platformMismatch,
            stage: .pullingImage,
            image: "arm64only"
        ),
        Case(
            name: "platform asked for that the image has not",
            code: .platformMismatch,
            stage: .pullingImage,
            more: [("platform", "linux/arm64")]
        ),
        Case(
            name: "out of memory",
            code: .outOfMemory,
            stage: .healthCheck,
            image: "oom",
            more: [("memory", "16m")]
        ),
        Case(
            name: "never healthy",
            code: .healthCheckFailed,
            stage: .healthCheck,
            image: "sick",
            more: [("health", ["timeout_seconds": .integer(2)])]
        ),
        Case(
            name: "port on which nothing listens",
            code: .healthCheckFailed,
            stage: .healthCheck,
            more: [
                ("ports", ["frontend": .integer(9999)]),
                ("health", ["timeout_seconds": .integer(2)]),
            ]
        ),
        Case(
            name: "unknown network",
            code: .networkNotFound,
            stage: .validating,
            more: [("network", "nosuch")]
        ),
    ]

    @Test(arguments: cases)
    func failureIsNamedAndUndone(_ failing: Case) async throws {
        try await withServer { server, app in
            let events = try await server.deploy(
                try request(server, app, image: failing.image, failing.more)
            )
            try await check(events, app, failing.code, failing.stage)
        }
    }

    @Test func registryThatWantsCredentials() async throws {
        try await withServer { server, app in
            let image = "\(try TestEngine.privateRegistry)/private:1"
            let refused = try await server.deploy(try request(server, app, image: image))
            try await check(refused, app, .registryAuthRequired, .pullingImage)
            let accepted = try await server.deploy(
                try request(
                    server,
                    app,
                    image: image,
                    [("registry_auth", ["username": "alice", "password": "s3cret-pass"])]
                )
            )
            #expect(
                accepted.last?.failureCode == "registry_auth_required",
                "wrong credentials: \(accepted.last?.message ?? "")"
            )
            let right = try await server.deploy(
                try request(
                    server,
                    app,
                    image: image,
                    [("registry_auth", ["username": "alice", "password": "s3cret"])]
                )
            )
            #expect(right.last?.stage == "completed", "\(right.last?.message ?? "")")
            let left = try await Command.run(["find", server.data, "-path", "*private/*"])
            #expect(left.output == "")
        }
    }

    @Test func portHeldByAnotherProgram() async throws {
        try await withServer { server, app in
            // The server's own port is held for sure.
            let port = try #require(Int(server.url.split(separator: ":").last ?? ""))
            let events = try await server.deploy(
                try request(
                    server,
                    app,
                    [
                        (
                            "ports",
                            ["frontend": ["container": .integer(3000), "host": .integer(port)]]
                        )
                    ]
                )
            )
            try await check(events, app, .portInUse, .startingContainer)
            let message = events.last?.data["failure"]?["message"]?.string ?? ""
            #expect(message.contains("process slipway (\(server.processID))"), "\(message)")
        }
    }

    @Test func portHeldByAnotherAppsContainer() async throws {
        try await withServer { server, app in
            // A port that was free a moment ago.
            let probe = try await server.deploy(try request(server, app))
            let url = try #require(probe.last?.data["result"]?["endpoint_url"]?.string)
            let port = try #require(Int(url.split(separator: ":").last ?? ""))
            let ports: [(String, JSONValue)] = [
                ("ports", ["frontend": ["container": .integer(3000), "host": .integer(port)]])
            ]
            let body = try request(server, "\(app)-two", ports)
            let plan = try await server.request("POST", "/api/deployments/check", body: body)
            #expect(plan.body.contains("container fractalic-\(app) of app \(app)"), "\(plan.body)")
            let events = try await server.deploy(body)
            let failure = events.last?.data["failure"]
            #expect(failure?["code"]?.string == "port_in_use")
            let message = failure?["message"]?.string ?? ""
            #expect(message.contains("\(port)"))
            #expect(message.contains("container fractalic-\(app) of app \(app)"), "\(message)")
            await TestEngine.remove(app: "\(app)-two")
        }
    }

    @Test func nameOfAContainerThatIsNotOursIsLeftAlone() async throws {
        try await withServer { server, app in
            let foreign = "foreign-\(app)"
            let image = try TestEngine.image("demo")
            let id = try await TestEngine.docker("run", "-d", "--name", foreign, image)
            let events = try await server.deploy(
                try request(server, app, [("container_name", .string(foreign))])
            )
            try await check(events, app, .nameInUse, .validating)
            let still = try await TestEngine.docker(
                "inspect",
                "-f",
                "{{.Id}} {{.State.Running}}",
                foreign
            )
            #expect(
                still.split(whereSeparator: \.isWhitespace).first == id.split(separator: "\n").first
            )
            #expect(still.contains("true"))
            try await TestEngine.docker("rm", "-f", foreign)
        }
    }

    @Test func engineThatIsNotThere() async throws {
        try await withServer(["--docker-host", "unix:///nosuch/docker.sock"]) { server, app in
            let events = try await server.deploy(try request(server, app))
            checkStream(events)
            #expect(events.last?.failureCode == "docker_unavailable")
        }
    }

    @Test func linkThatLeadsOut() async throws {
        try await withServer { server, app in
            let body = try request(server, app)
            try FileManager.default.createSymbolicLink(
                atPath: "\(server.root)/\(app)/out",
                withDestinationPath: "../../etc/passwd"
            )
            try await check(
                try await server.deploy(body),
                app,
                .sourceUnreadable,
                .preparingFiles
            )
        }
    }

    /// The stream is right, the failure is the one expected, and nothing is left behind.
    private func check(
        _ events: [StreamEvent],
        _ app: String,
        _ code: FailureCode,
        _ stage: Stage
    ) async throws {
        checkStream(events)
        let final = try #require(events.last)
        let failure = try #require(final.data["failure"], "\(final.block)")
        #expect(final.stage == "error")
        #expect(failure["code"]?.string == code.rawValue, "\(final.block)")
        #expect(failure["stage"]?.string == stage.rawValue, "\(final.block)")
        #expect(failure["hint"]?.string?.isEmpty == false)
        #expect(failure["left"]?.elements?.isEmpty == true)
        #expect(final.data["error"]?.string == failure["message"]?.string)
        #expect(try await TestEngine.containers(label: "slipway.app=\(app)").isEmpty)
    }
}
