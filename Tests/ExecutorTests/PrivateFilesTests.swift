import Deployments
import Docker
import Foundation
import Journal
import SQLiteStore
import Subprocess
import Testing

@testable import Executor

/// What a server that was killed has left in the private folder.
@Suite struct PrivateFilesTests {
    private let root = NSTemporaryDirectory() + "private-\(UUID().uuidString)"
    private var folder: String { "\(root)/private" }
    private let auth = Credentials(username: "u", password: "correct horse")

    /// The configuration whose contexts a private one links to.
    private func users() throws -> DockerConfiguration {
        try FileManager.default.createDirectory(
            atPath: "\(root)/users/contexts/mine",
            withIntermediateDirectories: true
        )
        return DockerConfiguration(
            executable: "/nonexistent/docker",
            environment: ["DOCKER_CONFIG": "\(root)/users"]
        )
    }

    private func left() throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder))
    }

    @Test func createdContainerTakesTheValuesAndLeavesThePullItsCredentials() throws {
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: root) }
        let files = PrivateFiles(folder: folder, id: DeploymentID())
        try files.keep(ConfidentialValues(environment: ["SECRET": "battery"]))
        let configuration = try PrivateConfiguration(
            directory: files.configurationFolder,
            auth: auth,
            image: "registry.example/a:1",
            base: try users()
        )
        files.removeValues()
        #expect(try left().count == 1)
        #expect(configuration.environment["DOCKER_CONFIG"]?.hasPrefix(folder) == true)
        files.removeAll()
        #expect(try left().isEmpty)
    }

    @Test func startTakesAwayWhatBelongsToNoUnfinishedDeployment() async throws {
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(
            atPath: root,
            withIntermediateDirectories: true
        )
        let journal = try await SQLiteJournal.open(directory: "\(root)/data")
        let id = DeploymentID()
        var request = DeploymentRequest(app: "a", folder: "/a", containerName: "a", image: "a")
        request.environmentValues = ["SECRET": "battery"]
        let now = Timestamp.now()
        _ = try await journal.create(
            NewDeployment(id: id, tenant: "default", request: request, createdAt: now),
            first: Event(
                deploymentID: id,
                timestamp: now,
                message: "Waiting",
                stage: .queued,
                progress: 0
            ),
            key: nil
        )
        let users = try users()
        let own = PrivateFiles(folder: folder, id: id)
        try own.keep(request.confidentialValues)
        let stranger = PrivateFiles(folder: folder, id: DeploymentID())
        try stranger.keep(ConfidentialValues(secrets: ["SECRET": "staple"]))
        let planned = PrivateFiles(folder: folder, id: DeploymentID())
        _ = try PrivateConfiguration(
            directory: planned.configurationFolder,
            auth: auth,
            image: "a",
            base: users
        )
        try Data("left".utf8).write(to: URL(filePath: "\(folder)/.something"))
        #expect(try left().count == 4)

        var options = ExecutorOptions(privateFolder: folder, roots: SourceRoots([]))
        // It is taken on, and begins nothing.
        options.maxDeployments = 0
        let executor = Executor(
            options: options,
            engine: DockerEngine(users, runner: CommandRunner()),
            journal: journal
        )
        #expect(try await executor.resume() == 1)
        #expect(try left() == ["\(id).json"])
        #expect(own.keptValues() == request.confidentialValues)
        // The link to the user's contexts was not followed.
        #expect(FileManager.default.fileExists(atPath: "\(root)/users/contexts/mine"))
        await executor.close(drain: .zero)
        #expect(own.keptValues() == request.confidentialValues)
        await journal.close()
    }

    @Test func firstStartHasNothingToTakeAway() {
        PrivateFiles.sweep(folder, keeping: [])
        #expect(!FileManager.default.fileExists(atPath: folder))
    }
}
