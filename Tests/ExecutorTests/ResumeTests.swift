import Deployments
import Docker
import Foundation
import Journal
import Subprocess
import Testing

@testable import Executor
@testable import SQLiteStore

/// What a server finds at its start that one before it left.
@Suite struct ResumeTests {
    /// A row that cannot be read back ends its deployment, and the others go on.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "UPDATE deployments SET state = '{' WHERE id = ?",
            "UPDATE deployments SET request = '{}' WHERE id = ?",
            "UPDATE deployments SET request = 'x' WHERE id = ?",
            "UPDATE deployments SET copy = 'sideways' WHERE id = ?",
            "UPDATE deployments SET status = 'x', stage = 'y', state = '[9e99]' WHERE id = ?",
        ]
    )
    func unreadableDeploymentFailsAndTheServerStarts(_ script: String) async throws {
        let root = NSTemporaryDirectory() + "resume-\(UUID().uuidString)"
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let subject = DeploymentID()
        var journal = try await SQLiteJournal.open(directory: "\(root)/data")
        let request = DeploymentRequest(app: "a", folder: root, containerName: "a", image: "a")
        _ = try await journal.create(
            NewDeployment(id: subject, tenant: "default", request: request, createdAt: .now()),
            first: Event(
                deploymentID: subject,
                timestamp: .now(),
                message: "At work",
                stage: .pullingImage,
                progress: 10
            ),
            key: nil
        )
        await journal.close()
        try SQLiteConnection(path: "\(root)/data/journal.sqlite")
            .execute(script.replacing("?", with: "'\(subject)'"), "damage the journal")
        journal = try await SQLiteJournal.open(directory: "\(root)/data")
        let executor = Executor(
            options: ExecutorOptions(
                privateFolder: "\(root)/private",
                roots: SourceRoots([root])
            ),
            engine: DockerEngine(
                DockerConfiguration(executable: "/bin/false"),
                runner: CommandRunner()
            ),
            journal: journal
        )
        #expect(try await executor.resume() == 1)
        let record = try #require(try await journal.record(of: subject))
        #expect(record.state.status == .failed)
        #expect(record.state.failure?.code == .internal)
        #expect(record.state.failure?.message.contains("cannot be read") == true)
        #expect(try await journal.unfinished().isEmpty)
        #expect(try await journal.latest(of: subject)?.isFinal == true)
        await executor.close(drain: .zero)
        await journal.close()
    }
}
