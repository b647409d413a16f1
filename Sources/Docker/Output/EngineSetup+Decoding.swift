import Deployments
import Engine

extension EngineSetup {
    /// The drivers that write files, whose sizes their options limit.
    private static let driversWithOptions = ["json-file", "local"]

    /// Reads what `DockerCommand.engineSetup` prints; nil if that is something else.
    init?(_ output: [UInt8]) {
        guard let json = try? JSONValue(parsing: output) else { return nil }
        self.init(
            takesLogOptions: Self.driversWithOptions.contains(json["log_driver"]?.string ?? ""),
            dataFolder: json["data_folder"]?.string
        )
    }
}
