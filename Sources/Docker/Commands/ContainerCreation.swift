import Deployments
public import Engine
public import Streams
public import Subprocess

/// How a container is created: the docker command, its input, and the meaning of its outcome.
///
/// The values of the variables go through the command's standard input only. `docker create` reads them
/// as the lines of an environment file. A line cannot hold a value with a line feed, one that is very
/// long, or one that the client's `proxies` would override. If there is such a value, or a setting for
/// which the command has no option, everything goes to the engine's own interface
/// (`POST /containers/create`). The client connects its standard input to that, wherever the engine is.
public struct ContainerCreation: Sendable {
    /// The command, to be run with the input.
    public let command: DockerCommand
    private let bytes: [UInt8]?
    private let isRequest: Bool

    /// - Parameter configuration: gives the client's proxies.
    public init(
        _ specification: ContainerSpecification,
        _ environment: ContainerEnvironment,
        configuration: DockerConfiguration
    ) {
        let lines = environment.fileText
        let hasLines = lines?.isEmpty == false
        if let lines, let parameters = specification.parameters(readingEnvironment: hasLines) {
            isRequest = false
            command = .create(parameters, readingEnvironment: hasLines)
            bytes = hasLines ? Array(lines.utf8) : nil
        } else {
            isRequest = true
            command = .engineRequest()
            bytes = EngineRequest.post(
                "/containers/create?\(specification.query)",
                specification.json(environment.entries(with: ClientProxies(configuration)))
            )
        }
    }

    /// The input of the command, for one run.
    public var input: (any ByteSource)? {
        bytes.map { GivenInput($0, staysOpen: isRequest) }
    }

    /// The outcome in the form of `docker create`: the id in the output, or errors.
    public func outcome(_ outcome: CommandOutcome) -> CommandOutcome {
        guard isRequest else { return outcome }
        return EngineRequest.outcome(outcome) { $0["Id"]?.string }
    }
}
