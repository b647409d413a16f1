import Engine
import Foundation
import Subprocess
import Testing

@testable import Docker

struct EngineSetupTests {
    @Test(arguments: [
        (#""json-file""#, true), (#""local""#, true), (#""journald""#, false), ("null", false),
    ])
    func driversThatTakeOptionsAreKnown(_ driver: String, _ takesOptions: Bool) {
        let output = #"{"log_driver":\#(driver),"data_folder":"/data"}"#
        let setup = EngineSetup(takesLogOptions: takesOptions, dataFolder: "/data")
        #expect(EngineSetup(Array(output.utf8)) == setup)
    }

    /// An answer that could not be had is asked for again; one that was had is kept.
    @Test func failedQuestionIsAskedAgain() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/setup-\(UUID())"
        try FileManager.default.createDirectory(
            atPath: folder,
            withIntermediateDirectories: false
        )
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let program = "\(folder)/docker"
        try FileManager.default.createSymbolicLink(
            atPath: program,
            withDestinationPath: "\(Fixture.folder)/../lab/fake-docker/scripted"
        )
        let script = """
            case $(grep -c '^info ' "$dir/calls") in
            1) echo 'Cannot connect to the Docker daemon.' >&2; exit 1 ;;
            2) echo 'no JSON' ;;
            *) echo '{"log_driver":"local","data_folder":"/data"}' ;;
            esac
            exit

            """
        try Data(script.utf8).write(to: URL(fileURLWithPath: "\(folder)/on-info"))
        let engine = DockerEngine(
            DockerConfiguration(executable: program, environment: ["PATH": "/usr/bin:/bin"]),
            runner: CommandRunner(grace: .milliseconds(200))
        )
        await #expect(throws: EngineFailure.self) { try await engine.setup() }
        #expect(try await engine.setup() == EngineSetup(takesLogOptions: false, dataFolder: nil))
        let setup = EngineSetup(takesLogOptions: true, dataFolder: "/data")
        #expect(try await engine.setup() == setup)
        #expect(try await engine.setup() == setup)
        let calls = FileManager.default.contents(atPath: "\(folder)/calls") ?? Data()
        #expect(String(decoding: calls, as: UTF8.self).split(separator: "\n").count == 3)
    }
}
