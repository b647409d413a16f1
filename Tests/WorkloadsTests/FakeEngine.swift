import Deployments
import Docker
import Engine
import Foundation
import Journal
import SQLiteStore
import Subprocess
import Synchronization
import Testing

@testable import Workloads

/// A follower of a docker command that answers as a test tells it to.
final class FakeEngine: Sendable {
    let journal: any Journal
    let monitor: WorkloadMonitor
    private let folder: String
    private let said = Mutex<[String]>([])
    private let happened = Mutex<[StoredEvent]>([])
    private let following = Mutex<Task<Void, Never>?>(nil)

    /// What the follower has noted.
    var notes: [String] { said.withLock { $0 } }
    /// What was committed since the start.
    var events: [StoredEvent] { happened.withLock { $0 } }
    /// How workloads stood, one change after the other.
    var states: [WorkloadState] {
        events.compactMap { if case .workload(let state) = $0.kind { state } else { nil } }
    }

    private init(folder: String, journal: any Journal) throws {
        self.folder = folder
        self.journal = journal
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().path
        let note = NoteTaker()
        monitor = WorkloadMonitor(
            options: WorkloadOptions(),
            engine: DockerEngine(
                DockerConfiguration(
                    executable: "\(root)/fixtures/lab/fake-docker/docker",
                    environment: [
                        "PATH": "/usr/bin:/bin", "FAKE_DOCKER_DIR": folder,
                        "FAKE_DOCKER_SCENARIO": "answers",
                    ]
                ),
                runner: CommandRunner()
            ),
            journal: journal,
            note: { note.take($0) }
        )
        note.set { [weak self] line in self?.said.withLock { $0.append(line) } }
        let commits = journal.commits()
        // Ends when the journal is closed.
        Task { [weak self] in
            for await group in commits {
                let events = group.map(\.event)
                self?.happened.withLock { $0 += events }
                self?.monitor.publish(events)
            }
        }
    }

    /// Runs the test; the follower runs from `body`'s first call of `eventually` on, and has ended when
    /// this returns.
    static func with(
        _ subjects: [(Subject, Stage)] = [],
        _ body: (FakeEngine) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/slipway-fake-\(UUID())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let journal = try await SQLiteJournal.open(directory: "\(folder)/data")
        let engine = try FakeEngine(folder: folder, journal: journal)
        for (subject, stage) in subjects { try await engine.create(subject, stage) }
        engine.happened.withLock { $0 = [] }
        try engine.answer("info", #"echo '"2026-11-21T10:30:00.123456789Z"'"#)
        do {
            try await body(engine)
        } catch {
            await engine.end()
            throw error
        }
        await engine.end()
        await journal.close()
    }

    private func end() async {
        let task = following.withLock { $0 }
        task?.cancel()
        await task?.value
    }

    /// Keeps a deployment that has come so far.
    func create(
        _ subject: Subject,
        _ stage: Stage = .completed,
        owning container: String? = nil
    ) async throws {
        let first = Event(
            deploymentID: subject.id,
            timestamp: Timestamp(microseconds: 0),
            message: "",
            stage: .validating,
            progress: 5
        )
        let deployment = NewDeployment(
            id: subject.id,
            tenant: "default",
            request: subject.request,
            createdAt: Timestamp(microseconds: 0)
        )
        _ = try await journal.create(deployment, first: first, key: nil)
        // All have the same container: what has replaced it does not own it.
        let own = stage == .completed && subject.replaced == nil ? Subject.container : nil
        if let container = container ?? own {
            try await journal.announce(creation: container, by: Driver(of: subject.id))
            try await journal.own(container, from: container)
        }
        guard stage.isFinal else { return }
        _ = try await journal.append(subject.final(stage), durability: .durable)
    }

    /// Has a docker command do what a shell fragment says, from the next call on.
    func answer(_ verb: String, _ script: String) throws {
        try Data(script.utf8).write(
            to: URL(fileURLWithPath: "\(folder)/\(verb)"),
            options: .atomic
        )
    }

    /// Has the engine show these containers, and these alone.
    func show(_ lines: [String]) throws {
        let containers = lines.compactMap { Container.decode(Array($0.utf8)).first }
        let ids = containers.map(\.id)
        let list = containers.map {
            #"{"id":"\#($0.id)","name":"\#($0.name)","state":"running"}"#
        }
        try answer("ps", list.map { "echo '\($0)'\n" }.joined())
        // Each that is asked for by the beginning of its id, and a word for those that are missing.
        let cases = zip(ids, lines).map { id, line in
            "case '\(id)' in \"$asked\"*) echo '\(line)'; found=yes ;; esac\n"
        }
        try answer(
            "container-inspect",
            """
            status=0
            while [ "$1" != -- ]; do shift; done; shift
            for asked in "$@"; do
            found=''
            \(cases.joined())
            [ -n "$found" ] || { echo "Error: No such container: $asked" >&2; status=1; }
            done
            exit $status
            """
        )
    }

    /// The calls of a command: its arguments, one element a call.
    func calls(_ verb: String) -> [String] {
        let text = FileManager.default.contents(atPath: "\(folder)/calls") ?? Data()
        return String(decoding: text, as: UTF8.self).components(separatedBy: "--- ")
            .filter { $0.hasPrefix("\(verb) ") }
    }

    /// Waits until it holds, for a minute at most.
    func eventually(
        _ what: Comment,
        _ holds: () async throws -> Bool,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        // Not before: an engine without its answers would have no container.
        following.withLock { [monitor] task in
            if task == nil { task = Task { await monitor.run() } }
        }
        let end = ContinuousClock.now + .seconds(300)
        while ContinuousClock.now < end {
            if try await holds() { return }
            // Leaves the machine to what is waited for.
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record(what, sourceLocation: sourceLocation)
        throw NotInTime()
    }

    struct NotInTime: Error {}
}

/// Hands lines on to whoever is set later.
private final class NoteTaker: Sendable {
    private let target = Mutex<(@Sendable (String) -> Void)?>(nil)

    func set(_ target: @escaping @Sendable (String) -> Void) {
        self.target.withLock { $0 = target }
    }

    func take(_ line: String) {
        target.withLock { $0 }?(line)
    }
}

/// Lines that were handed over.
final class Collected: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    @discardableResult
    func take(_ more: [String]) -> Bool {
        lines.withLock { $0 += more }
        return true
    }
}
