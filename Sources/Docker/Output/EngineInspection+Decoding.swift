import Deployments

extension EngineInspection {
    /// Reads what `DockerCommand.serverVersion` prints.
    mutating func read(versions output: [UInt8]) {
        let json = try? JSONValue(parsing: output)
        clientVersion = json?["Client"]?["Version"]?.string
        engineVersion = json?["Server"]?["Version"]?.string
    }

    /// Reads what `DockerCommand.currentContext` prints.
    mutating func read(context output: [UInt8]) {
        let json = try? JSONValue(parsing: output)
        // Docker 20.10 gives a list.
        let context = json?.elements?.first ?? json
        self.context = context?["Name"]?.string
        address = context?["Endpoints"]?["docker"]?["Host"]?.string
    }

    /// Reads what `DockerCommand.engineInfo` prints.
    mutating func read(info output: [UInt8]) {
        let json = try? JSONValue(parsing: output)
        dataFolder = json?["DockerRootDir"]?.string
        time = json?["SystemTime"]?.string
    }
}
