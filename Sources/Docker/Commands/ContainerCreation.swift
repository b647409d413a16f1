import Deployments
public import Engine
public import Streams
public import Subprocess

/// How a container is created: a docker command, what it reads, and what its outcome means.
///
/// The variables' values come by the command's standard input alone. `docker create` reads them as
/// the lines of an environment file. What no line can hold (a value with a line feed, one that is
/// very long, or one that the client's `proxies` would override), and a setting for which the command
/// has no option, goes with everything else to the
/// engine's own interface (`POST /containers/create`), to which the client connects its standard
/// input wherever the engine is.
public struct ContainerCreation: Sendable {
    /// The command, to be run with the input.
    public let command: DockerCommand
    private let bytes: [UInt8]?
    private let isRequest: Bool

    /// - Parameter configuration: that of the runner, for the client's proxies.
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

    /// What the command reads, for one run.
    public var input: (any ByteSource)? {
        bytes.map { GivenInput($0, staysOpen: isRequest) }
    }

    /// The outcome as `docker create` would have told it: the id in the output, or errors.
    public func outcome(_ outcome: CommandOutcome) -> CommandOutcome {
        guard isRequest else { return outcome }
        return EngineRequest.outcome(outcome) { $0["Id"]?.string }
    }
}
