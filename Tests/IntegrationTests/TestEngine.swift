import Foundation
import Glibc

/// The engine and the registry that the tests run against. There is no test without them.
enum TestEngine {
    static var registry: String {
        get throws { try variable("SLIPWAY_REGISTRY") }
    }

    static var privateRegistry: String {
        get throws { try variable("SLIPWAY_PRIVATE_REGISTRY") }
    }

    /// An image of the fixtures, by default its first version.
    static func image(_ name: String) throws -> String {
        try "\(registry)/\(name.contains(":") ? name : "\(name):1")"
    }

    private static let lab =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/fixtures/lab"

    /// A docker command whose answers can be scripted.
    static let fakeDocker = "\(lab)/fake-docker/docker"

    private static func variable(_ name: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name] else {
            throw TestFailure("\(name) is not set; Tests/run starts an engine and sets it")
        }
        return value
    }

    /// Runs a docker command; throws unless it succeeds.
    @discardableResult
    static func docker(_ arguments: String...) async throws -> String {
        let command = try await Command.run(["docker"] + arguments)
        guard command.status == 0 else {
            throw TestFailure("docker \(arguments.joined(separator: " ")): \(command.errors)")
        }
        return command.output
    }

    /// Runs `fixtures/lab/engine`; throws unless it succeeds.
    static func run(_ arguments: [String]) async throws {
        let script = "\(lab)/engine"
        // The engine outlives the script, and whatever it inherits keeps the script's end from
        // being seen; this passes on nothing.
        let python = "import subprocess, sys; sys.exit(subprocess.call(sys.argv[1:]))"
        let command = try await Command.run(["python3", "-c", python, script] + arguments)
        guard command.status == 0 else { throw TestFailure("\(arguments): \(command.errors)") }
    }

    /// Gives the body a registry with the same images that sends so many bytes a second.
    static func withSlowRegistry(
        rate: String,
        _ body: (_ registry: String) async throws -> Void
    ) async throws {
        try await withRegistry("slow", ["--rate", rate, try registry]) { port in
            try await body("localhost:\(port)")
        }
    }

    /// Gives the body a registry of `fixtures/lab/registry` and what it says first.
    static func withRegistry(
        _ program: String,
        _ arguments: [String],
        _ body: (_ place: String) async throws -> Void
    ) async throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(lab)/registry/\(program)")
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.start()
        // It may have been started with its signals blocked.
        defer { kill(process.processIdentifier, SIGKILL) }
        let place = await output.firstLine()
        guard !place.isEmpty else { throw TestFailure("the \(program) registry did not start") }
        try await body(place)
    }

    /// The containers with a label, also those that have ended: ids.
    static func containers(label: String) async throws -> [String] {
        try await docker("ps", "-aq", "--filter", "label=\(label)")
            .split(whereSeparator: \.isNewline).map(String.init)
    }

    /// Removes what a test has deployed.
    static func remove(app: String) async {
        // A test that leaves something behind fails elsewhere.
        let ids = (try? await containers(label: "slipway.app=\(app)")) ?? []
        for id in ids { _ = try? await docker("rm", "-f", "-v", id) }
    }

    /// A name that no other test uses.
    static func name(_ prefix: String) -> String {
        "\(prefix)-\(UUID().uuidString.prefix(8).lowercased())"
    }
}
