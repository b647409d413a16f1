import Deployments
import Foundation
import Testing

/// What a real engine cannot be made to show on demand, with a docker command that fails to order.
@Suite(.serialized) struct FaultTests {
    /// A scenario of the fake docker command, and what comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let scenario: String
        let code: FailureCode
        var options: [String] = []

        var testDescription: String { scenario }
    }

    static let cases: [Case] = [
        Case(scenario: "rate-limited", code: .registryRateLimited),
        Case(scenario: "no-space", code: .diskFull),
        Case(scenario: "permission-denied", code: .dockerPermissionDenied),
        Case(scenario: "unavailable", code: .dockerUnavailable),
        Case(scenario: "stalled-pull", code: .stalled, options: ["--stall-timeout", "1"]),
        Case(scenario: "hang", code: .timedOut, options: ["--deployment-timeout", "1"]),
    ]

    @Test(arguments: cases)
    func faultIsNamed(_ fault: Case) async throws {
        try await withFake(fault.scenario, fault.options) { server, app in
            let events = try await server.deploy(try request(server, app))
            checkStream(events)
            let failure = events.last?.data["failure"]
            #expect(failure?["code"]?.string == fault.code.rawValue, "\(events.last?.block ?? "")")
            #expect(failure?["message"]?.string?.isEmpty == false)
            #expect(failure?["hint"]?.string?.isEmpty == false)
        }
    }

    @Test(arguments: ["garbage", "endless-line", "dies-midway"])
    func outputThatMeansNothingEndsTheDeploymentAndNotTheServer(_ scenario: String) async throws {
        try await withFake(scenario, ["--deployment-timeout", "5"]) { server, app in
            let events = try await server.deploy(try request(server, app))
            checkStream(events)
            #expect(events.last?.stage == "error", "\(events.last?.block ?? "")")
            #expect(try await server.request("GET", "/healthz").status == 200)
        }
    }

    @Test(arguments: ["hang", "hang-early", "hang-create"])
    func cancelEndsAHungDocker(_ scenario: String) async throws {
        try await withFake(scenario) { server, app in
            let id = try await server.submit(try request(server, app))
            if scenario == "hang" { _ = try await server.reach("pulling_image", id) }
            if scenario == "hang-create" {
                _ = try await eventually("the creation") {
                    try await server.children().contains { $0.contains(" create --name") } ? 0 : nil
                }
            }
            #expect(
                try await server.request("POST", "/api/deployments/\(id)/cancel").status == 202
            )
            let events = try await server.events(id)
            checkStream(events)
            #expect(events.last?.stage == "cancelled")
            #expect(try await server.children().isEmpty, "no child process is left")
        }
    }

    @Test func containerWhoseCreationWasLostIsMadeAnew() async throws {
        let fake = try Scratch()
        defer { fake.remove() }
        let docker = try await Command.run(["which", "docker"]).output
            .trimmingCharacters(in: .newlines)
        // The engine has made it, and nobody was told.
        try fake.write("create.1", "\"$FAKE_DOCKER_REAL\" \"$@\" >/dev/null\nkill -9 $$\n")
        try await withServer(
            ["--docker", TestEngine.fakeDocker],
            environment: ["FAKE_DOCKER_DIR": fake.folder, "FAKE_DOCKER_REAL": docker]
        ) { server, app in
            try await TestEngine.docker("pull", "--quiet", try TestEngine.image("demo"))
            let events = try await server.deploy(try request(server, app))
            checkStream(events)
            #expect(events.last?.stage == "completed", "\(events.last?.block ?? "")")
            let replaced = events.last?.data["result"]?["metadata"]?["replaced"]
            #expect(replaced?.isNull == true, "\(events.last?.block ?? "")")
            #expect(try await TestEngine.containers(label: "slipway.app=\(app)").count == 1)
        }
    }

    @Test func engineWhoseDiskIsFull() async throws {
        let environment = ProcessInfo.processInfo.environment
        guard let small = environment["SLIPWAY_SMALL_DOCKER_HOST"] else {
            throw TestFailure("SLIPWAY_SMALL_DOCKER_HOST is not set; Tests/run sets it")
        }
        try await withServer(["--docker-host", small]) { server, app in
            // Packed it does not fit, which is seen before a byte is pulled.
            let whole = try await server.deploy(try request(server, app, image: "layers"))
            checkStream(whole)
            let failure = whole.last?.data["failure"]
            #expect(failure?["code"]?.string == "disk_full", "\(whole.last?.block ?? "")")
            #expect(failure?["stage"]?.string == "validating")
            let numbers = failure?["message"]?.string?.split(separator: " ").filter { $0 == "MB" }
            #expect(numbers?.count == 2, "\(whole.last?.block ?? "")")
            // Unpacked it does not fit.
            let half = try await server.deploy(try request(server, app, image: "half"))
            checkStream(half)
            #expect(half.last?.failureCode == "disk_full", "\(half.last?.block ?? "")")
            #expect(half.last?.data["failure"]?["stage"]?.string == "pulling_image")
        }
    }

    private func withFake(
        _ scenario: String,
        _ options: [String] = [],
        _ body: (TestServer, String) async throws -> Void
    ) async throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try await withServer(
            ["--docker", TestEngine.fakeDocker] + options,
            environment: [
                "FAKE_DOCKER_DIR": scratch.folder,
                "FAKE_DOCKER_SCENARIO": "\(scenario) answers",
            ],
            body
        )
    }
}
