import Deployments
import Engine
import Foundation
import Subprocess
import Testing

@testable import Docker

struct EngineInspectionTests {
    /// What a client says that answers each verb with a shell fragment.
    private func inspection(_ answers: [String: String]) async throws -> EngineInspection {
        let folder = FileManager.default.temporaryDirectory.path + "/inspection-\(UUID())"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false
        )
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (verb, script) in answers {
            try Data(script.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(verb)"))
        }
        let program = "\(Fixture.folder)/../lab/fake-docker/docker"
        let engine = DockerEngine(
            DockerConfiguration(
                executable: program,
                environment: ["PATH": "/usr/bin:/bin", "FAKE_DOCKER_DIR": folder]
            ),
            runner: CommandRunner(grace: .milliseconds(200))
        )
        return await engine.inspection(within: .seconds(60))
    }

    private static let version =
        #"echo '{"Client":{"Version":"28.2.2"},"Server":{"Version":"20.10.24"}}'"#
    private static let context =
        #"{"Name":"default","Endpoints":{"docker":{"Host":"unix:///run/docker.sock"}}}"#
    private static let info =
        #"echo '{"DockerRootDir":"/data","SystemTime":"2026-11-21T10:30:00.5+01:00"}'"#

    /// Docker 20.10 gives a list of contexts, later clients the one.
    @Test(arguments: [context, "[\(context)]"])
    func everythingIsReadOfAnEngineThatAnswers(_ context: String) async throws {
        let inspection = try await inspection([
            "version": Self.version, "context-inspect": "echo '\(context)'", "info": Self.info,
        ])
        #expect(inspection.startFailure == nil && inspection.failure == nil)
        #expect(inspection.clientVersion == "28.2.2")
        #expect(inspection.engineVersion == "20.10.24")
        #expect(inspection.context == "default")
        #expect(inspection.address == "unix:///run/docker.sock")
        #expect(inspection.socket == "/run/docker.sock")
        #expect(inspection.dataFolder == "/data")
        #expect(inspection.time == "2026-11-21T10:30:00.5+01:00")
        #expect(inspection.timeOfAnswer != nil)
    }

    @Test func engineThatDoesNotAnswerIsAskedNothingMore() async throws {
        let inspection = try await inspection([
            "version": """
            echo '{"Client":{"Version":"28.2.2"},"Server":null}'
            echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2
            exit 1
            """,
            "context-inspect":
                #"echo '{"Name":"far","Endpoints":{"docker":{"Host":"tcp://10.0.0.1:2375"}}}'"#,
            "info": Self.info,
        ])
        #expect(inspection.clientVersion == "28.2.2" && inspection.engineVersion == nil)
        #expect(inspection.failure?.code == .dockerUnavailable)
        #expect(inspection.address == "tcp://10.0.0.1:2375" && inspection.socket == nil)
        #expect(inspection.dataFolder == nil && inspection.timeOfAnswer == nil)
    }

    @Test func clientThatIsNotThereIsSaidToBeMissing() async throws {
        let engine = DockerEngine(
            DockerConfiguration(executable: "/no/docker", environment: [:]),
            runner: CommandRunner()
        )
        let inspection = await engine.inspection(within: .seconds(60))
        #expect(inspection.startFailure != nil && inspection.clientVersion == nil)
    }

    @Test(arguments: [
        ([:], true), (["DOCKER_HOST": ""], true), (["DOCKER_HOST": "unix:///s"], true),
        (["DOCKER_HOST": "tcp://127.0.0.1:1"], false), (["DOCKER_HOST": "ssh://host"], false),
    ])
    func configurationTellsWhetherTheEngineIsHere(
        _ environment: [String: String],
        _ isLocal: Bool
    ) {
        let configuration = DockerConfiguration(executable: "docker", environment: environment)
        #expect(configuration.isLocal == isLocal)
    }
}
