import Deployments
import Docker
import Foundation
import Journal
import SQLiteStore
import Subprocess
import Testing

@testable import Executor

/// How many checks are made at once.
@Suite struct CheckLimitTests {
    /// A docker that never answers.
    private static let silent = "#!/bin/sh\nexec sleep 600\n"

    /// Asks for a check; gives nil if it was made, or else the limit that was named.
    private static func ask(
        _ executor: Executor,
        _ request: DeploymentRequest,
        _ tenant: String = "default"
    ) async -> Int? {
        do throws(CheckError) {
            _ = try await executor.check(request, accessScope: AccessScope(tenant: tenant))
            return nil
        } catch {
            switch error {
            case .busy(let limit): return limit
            }
        }
    }

    @Test(.timeLimit(.minutes(10)))
    func onePlanTooManyIsRefusedUntilOthersHaveEnded() async throws {
        let root = NSTemporaryDirectory() + "plans-\(UUID().uuidString)"
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(
            atPath: root,
            withIntermediateDirectories: true
        )
        let journal = try await SQLiteJournal.open(directory: "\(root)/data")
        let docker = "\(root)/docker"
        let made = FileManager.default.createFile(
            atPath: docker,
            contents: Data(Self.silent.utf8),
            attributes: [.posixPermissions: 0o700]
        )
        #expect(made)
        try makeProgram(docker)
        let executor = Executor(
            options: ExecutorOptions(
                privateFolder: "\(root)/private",
                roots: SourceRoots([root])
            ),
            engine: DockerEngine(
                DockerConfiguration(executable: docker),
                runner: CommandRunner(grace: .milliseconds(200))
            ),
            journal: journal
        )
        let request = DeploymentRequest(app: "a", folder: root, containerName: "a", image: "a")
        await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<6 { group.addTask { await Self.ask(executor, request) } }
            // None of the four ends while docker is silent: the first two to answer are refused.
            #expect(await group.next() == 4)
            #expect(await group.next() == 4)
            // Another tenant has its share all the same.
            group.addTask { await Self.ask(executor, request, "another") }
            group.addTask { await Self.ask(executor, request, "another") }
            #expect(await group.next() == 4)
            group.cancelAll()
            for await limit in group { #expect(limit == nil) }
        }
        #expect(await executor.statistics.refusedChecks == 3)
        await withTaskGroup(of: Int?.self) { group in
            group.cancelAll()
            // Runs no docker, and is made.
            group.addTask { await Self.ask(executor, request) }
            #expect(await group.next() == .some(nil))
        }
        await journal.close()
    }
}
