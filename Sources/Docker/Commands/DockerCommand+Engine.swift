internal import Deployments
internal import Numbers

extension DockerCommand {
    /// Prints the versions of the client and the engine as one JSON object. `Server` is null if the engine
    /// does not answer.
    public static func serverVersion() -> DockerCommand {
        DockerCommand("version", ["--format={{json .}}"], deadline: .seconds(30))
    }

    /// Prints the time of the engine's clock as one JSON string.
    public static func engineTime() -> DockerCommand {
        DockerCommand("info", ["--format={{json .SystemTime}}"], deadline: .seconds(30))
    }

    /// Prints how the engine is set up as one JSON object.
    static func engineSetup() -> DockerCommand {
        let format =
            #"{"log_driver":{{json .LoggingDriver}},"data_folder":{{json .DockerRootDir}}}"#
        return DockerCommand("info", ["--format=\(format)"], deadline: .seconds(30))
    }

    /// Prints what the engine says about itself as one JSON object.
    public static func engineInfo() -> DockerCommand {
        DockerCommand("info", ["--format={{json .}}"], deadline: .seconds(30))
    }

    /// Succeeds if the engine has a network of that name.
    public static func networkInspect(_ network: String) -> DockerCommand {
        DockerCommand("network inspect", ["--format={{.ID}}", "--", network])
    }

    /// Connects a container to one more network.
    static func networkConnect(
        _ container: String,
        to attachment: ContainerSettings.Attachment
    ) -> DockerCommand {
        DockerCommand(
            "network connect",
            attachment.aliases.map { "--alias=\($0)" } + ["--", attachment.network, container]
        )
    }

    /// Prints the context that is used as one JSON object, or as a list of one. The engine's address is in
    /// `Endpoints.docker.Host`. The engine is not asked.
    public static func currentContext() -> DockerCommand {
        DockerCommand("context inspect", ["--format={{json .}}"], deadline: .seconds(30))
    }

    /// Prints the engine's events of containers, a JSON object on each line, until the command is ended.
    ///
    /// - Parameters:
    ///   - labels: the container must carry all of them; any value counts if none is given.
    ///   - actions: the event must be one of these.
    ///   - since: the first moment that counts, as `EventTime.text` or the engine writes it. The engine
    ///     remembers few events.
    public static func events(
        labels: [(name: String, value: String?)] = [],
        actions: [String] = [],
        since: String? = nil
    ) -> DockerCommand {
        var parameters = ["--format={{json .}}", "--filter=type=container"]
        parameters += labels.map { "--filter=label=\(labelFilter($0.name, $0.value))" }
        parameters += actions.map { "--filter=event=\($0)" }
        if let since { parameters.append("--since=\(since)") }
        return DockerCommand("events", parameters, deadline: nil, outputLimit: 0)
    }

    static func labelFilter(_ name: String, _ value: String?) -> String {
        value.map { "\(name)=\($0)" } ?? name
    }
}
