import Deployments
import Foundation
import Journal
import SQLiteStore
import Testing

@testable import Executor

/// A deployment that has begun goes on, is really undone, and leaves something running.
@Suite struct BegunTests {
    /// Keeps a deployment that a server before this one had begun.
    private func begin(
        _ request: DeploymentRequest,
        stopping container: String? = nil,
        in journal: any Journal
    ) async throws -> DeploymentID {
        let id = DeploymentID()
        func event(_ stage: Stage, _ progress: Int) -> Event {
            Event(
                deploymentID: id,
                timestamp: .now(),
                message: "At work",
                stage: stage,
                progress: progress
            )
        }
        _ = try await journal.create(
            NewDeployment(id: id, tenant: "default", request: request, createdAt: .now()),
            first: event(.validating, 5),
            key: nil
        )
        if let container {
            _ = try await journal.append(
                event(.startingContainer, 53),
                intending: .stopping(container: container),
                by: Driver(of: id),
                durability: .durable
            )
        }
        return id
    }

    @Test func whatHadBegunRunsWhateverTheLimitIs() async throws {
        try await ScriptedEngine.with(changing: { $0.maxDeployments = 1 }) { engine in
            #expect(try await engine.deploy(engine.request("c")).stage == .completed)
            let previous = try #require(engine.container("c")?["id"])
            try engine.on("pull", "hold go")
            let other = try await begin(engine.request("other"), in: engine.journal)
            let begun = try await begin(
                engine.request("c"),
                stopping: previous,
                in: engine.journal
            )
            // As the server before this one has left it.
            let status = "\(engine.folder)/containers/\(previous)/status"
            try Data("exited".utf8).write(to: URL(fileURLWithPath: status))
            #expect(try await engine.executor.resume() == 2)
            #expect(await engine.executor.statistics.running == 2)
            // It is not among those that wait, whose place a newer one may take.
            var newer = engine.request("c")
            newer.onConflict = .supersede
            let waiting = try await engine.executor.submit(
                newer,
                accessScope: AccessScope(tenant: "default")
            )
            #expect(await engine.executor.cancel(begun) == .accepted)
            let end = try await engine.end(of: begun)
            #expect(end.stage == .cancelled)
            #expect(end.outcome?.failure?.undone.isEmpty == false)
            #expect(engine.container("c")?["status"] == "running")
            _ = await engine.executor.cancel(waiting)
            _ = await engine.executor.cancel(other)
            _ = try await engine.end(of: other)
        }
    }

    @Test func somethingRunsWhereNeitherRemovalNorJournalWorks() async throws {
        try await ScriptedEngine.with { engine in
            #expect(try await engine.deploy(engine.request("c")).stage == .completed)
            let previous = try #require(engine.container("c")?["id"])
            try engine.on(
                "rm",
                """
                case $last in \(previous)) touch "$dir/removing"; hold go
                echo 'Error response from daemon: driver failed to remove root filesystem' >&2; exit 1
                esac
                """
            )
            _ = try await engine.executor.submit(
                engine.request("c"),
                accessScope: AccessScope(tenant: "default")
            )
            _ = try await engine.eventually("the removal") { engine.exists("removing") ? 1 : nil }
            // Nothing can be written from here on.
            await engine.journal.close()
            engine.allow("go")
            await engine.executor.close(drain: .seconds(30))
            #expect(engine.container("c")?["status"] == "running")
            #expect(engine.container("c")?["id"] != previous)
        }
    }
}
