import Engine
import Subprocess
import Testing

@testable import Docker

struct EngineInspectionTests {
    private static let context =
        #"{"Name":"default","Endpoints":{"docker":{"Host":"unix:///run/docker.sock"}}}"#

    /// Docker 20.10 gives a list of contexts, later clients the one.
    @Test(arguments: [context, "[\(context)]"])
    func contextIsRead(_ context: String) {
        var inspection = EngineInspection()
        inspection.read(context: Array(context.utf8))
        #expect(inspection.context == "default")
        #expect(inspection.address == "unix:///run/docker.sock")
        #expect(inspection.socket == "/run/docker.sock")
    }

    @Test func engineThatIsNotReachedThroughASocketHasNone() {
        var inspection = EngineInspection()
        let context = #"{"Name":"far","Endpoints":{"docker":{"Host":"tcp://10.0.0.1:2375"}}}"#
        inspection.read(context: Array(context.utf8))
        #expect(inspection.address == "tcp://10.0.0.1:2375" && inspection.socket == nil)
    }

    /// The engine's version is null if the engine does not answer.
    @Test(arguments: [(#"{"Version":"20.10.24"}"#, "20.10.24"), ("null", nil)])
    func versionsAreRead(_ server: String, _ version: String?) {
        var inspection = EngineInspection()
        let output = #"{"Client":{"Version":"28.2.2"},"Server":\#(server)}"#
        inspection.read(versions: Array(output.utf8))
        #expect(inspection.clientVersion == "28.2.2")
        #expect(inspection.engineVersion == version)
    }

    @Test func folderAndClockAreRead() {
        var inspection = EngineInspection()
        let info = #"{"DockerRootDir":"/data","SystemTime":"2026-11-21T10:30:00.5+01:00"}"#
        inspection.read(info: Array(info.utf8))
        #expect(inspection.dataFolder == "/data")
        #expect(inspection.time == "2026-11-21T10:30:00.5+01:00")
    }

    @Test(arguments: ["", "usage: frobnicate", "[]", "null"])
    func whatIsNothingGivesNothing(_ text: String) {
        var inspection = EngineInspection()
        inspection.read(versions: Array(text.utf8))
        inspection.read(context: Array(text.utf8))
        inspection.read(info: Array(text.utf8))
        #expect(inspection.clientVersion == nil && inspection.engineVersion == nil)
        #expect(inspection.context == nil && inspection.address == nil)
        #expect(inspection.dataFolder == nil && inspection.time == nil)
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
