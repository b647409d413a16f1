import Deployments
import Docker
import Engine
import Foundation
import Journal
import SQLiteStore
import Subprocess
import Synchronization
import Testing

@testable import Executor

/// An engine that is a shell script, and an executor on it. The engine remembers its containers, and a test
/// can have each command do something else.
final class ScriptedEngine: Sendable {
    let folder: String
    let journal: any Journal
    let executor: Executor
    private let happened = Mutex<[Event]>([])

    /// What was committed since the start.
    var events: [Event] { happened.withLock { $0 } }

    /// Runs the test on an engine of its own, or on the one that another is on.
    static func with(
        _ engine: String? = nil,
        changing change: (inout ExecutorOptions) -> Void = { _ in },
        _ body: (ScriptedEngine) async throws -> Void
    ) async throws {
        let own = FileManager.default.temporaryDirectory.path + "/scripted-\(UUID())"
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: own) }
        let engine = engine ?? own
        for name in ["", "/containers", "/app"] {
            try FileManager.default.createDirectory(
                atPath: own + name,
                withIntermediateDirectories: true
            )
        }
        try Data("content".utf8).write(to: URL(fileURLWithPath: "\(own)/app/file"))
        let journal = try await SQLiteJournal.open(directory: "\(own)/data")
        var options = ExecutorOptions(
            privateFolder: "\(own)/private",
            roots: SourceRoots([own])
        )
        options.enginePatience = .milliseconds(300)
        change(&options)
        let scripted = try ScriptedEngine(engine, own, journal, options)
        do {
            try await body(scripted)
        } catch {
            await scripted.executor.close(drain: .zero)
            await journal.close()
            throw error
        }
        await scripted.executor.close(drain: .zero)
        await journal.close()
    }

    private let own: String

    private init(
        _ folder: String,
        _ own: String,
        _ journal: any Journal,
        _ options: ExecutorOptions
    ) throws {
        self.folder = folder
        self.own = own
        self.journal = journal
        let program = "\(folder)/docker"
        if !FileManager.default.fileExists(atPath: program) {
            let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
                .deletingLastPathComponent().deletingLastPathComponent().path
            try FileManager.default.createSymbolicLink(
                atPath: program,
                withDestinationPath: "\(root)/fixtures/lab/fake-docker/scripted"
            )
        }
        executor = Executor(
            options: options,
            engine: DockerEngine(
                DockerConfiguration(
                    executable: program,
                    environment: ["PATH": "/usr/bin:/bin"]
                ),
                runner: CommandRunner(grace: .milliseconds(200))
            ),
            journal: journal
        )
        let commits = journal.commits()
        // Ends when the journal is closed.
        Task { [weak self] in
            for await group in commits {
                for case .progress(let event) in group.map(\.change) {
                    self?.happened.withLock { $0.append(event) }
                }
            }
        }
    }

    /// A request that publishes nothing.
    func request(_ name: String, app: String = "app") -> DeploymentRequest {
        DeploymentRequest(app: app, folder: "\(own)/app", containerName: name, image: "image:1")
    }

    /// Asks for a deployment and waits for its end.
    @discardableResult
    func deploy(_ request: DeploymentRequest, tenant: String = "default") async throws -> Event {
        let id = try await executor.submit(request, accessScope: AccessScope(tenant: tenant))
        return try await end(of: id)
    }

    func end(of id: DeploymentID) async throws -> Event {
        try await event("the end") { $0.deploymentID == id && $0.stage.isFinal }
    }

    /// Waits for an event.
    func event(_ what: Comment, _ isIt: (Event) -> Bool) async throws -> Event {
        try await eventually(what) { events.first(where: isIt) }
    }

    /// Waits until it gives something, for a minute at most.
    func eventually<Value>(
        _ what: Comment,
        _ value: () async throws -> Value?
    ) async throws -> Value {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if let value = try await value() { return value }
            // Leaves the machine to what is waited for.
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(what)
        throw CancellationError()
    }

    /// Has a command do something before, or instead of, its own work: `exit` ends it.
    func on(_ verb: String, _ script: String) throws {
        try Data(script.utf8).write(to: URL(fileURLWithPath: "\(folder)/on-\(verb)"))
    }

    /// Makes the file that a script waits for.
    func allow(_ name: String) {
        _ = FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil)
    }

    func exists(_ name: String) -> Bool {
        FileManager.default.fileExists(atPath: "\(folder)/\(name)")
    }

    /// The commands so far: the verb, then the arguments.
    var calls: [String] {
        let text = FileManager.default.contents(atPath: "\(folder)/calls") ?? Data()
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    func calls(_ verb: String) -> [String] { calls.filter { $0.hasPrefix("\(verb) ") } }

    /// The container's fields, by its name; nil if there is none.
    func container(_ name: String) -> [String: String]? {
        for id in ids {
            func read(_ field: String) -> String {
                let path = "\(folder)/containers/\(id)/\(field)"
                let data = FileManager.default.contents(atPath: path)
                return String(decoding: data ?? Data(), as: UTF8.self)
                    .trimmingCharacters(in: .newlines)
            }
            guard read("name") == name else { continue }
            return ["id": id, "status": read("status"), "labels": read("labels")]
        }
        return nil
    }

    var ids: [String] {
        let path = "\(folder)/containers"
        return ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
    }

    /// Makes a container by hand, with the labels of another one if that is named.
    func make(_ name: String, id: Character, copying other: String? = nil) throws {
        let place = "\(folder)/containers/\(String(repeating: id, count: 64))"
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        let labels = other.flatMap { container($0)?["labels"] } ?? ""
        for (field, text) in [("name", name), ("status", "running"), ("labels", labels)] {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(place)/\(field)"))
        }
    }
}
