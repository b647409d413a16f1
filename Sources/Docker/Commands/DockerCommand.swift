public import Subprocess

/// One call of the docker program: its arguments and how it is run.
///
/// No value can be read as an option: options are written `--name=value`, and `--` stands before
/// the first value that has no name.
public struct DockerCommand: Sendable, Equatable {
    /// The words that name what is done, such as `container inspect`.
    public var verb: String
    /// What follows the verb.
    public var parameters: [String]
    /// Added to the configuration's environment.
    public var environment: [String: String]
    /// What it reads.
    public var input: Command.Input
    /// Where it writes.
    public var output: Command.OutputMode
    /// How long it may run; nil for as long as it takes.
    public var deadline: Duration?
    /// How many bytes of output are kept for the outcome; what follows is read and dropped.
    public var outputLimit: Int
    /// How many bytes of errors are kept beside their last lines.
    public var errorLimit = 0
    /// Whether the last lines of its errors are kept.
    var keepsLines = true
    /// A command. Most are made by the functions named after their verb.
    public init(
        _ verb: String,
        _ parameters: [String] = [],
        environment: [String: String] = [:],
        input: Command.Input = .none,
        output: Command.OutputMode = .pipes,
        deadline: Duration? = .seconds(60),
        outputLimit: Int = 4 << 20
    ) {
        self.verb = verb
        self.parameters = parameters
        self.environment = environment
        self.input = input
        self.output = output
        self.deadline = deadline
        self.outputLimit = outputLimit
    }

    /// The whole argument list, without the program's name.
    public var arguments: [String] {
        verb.split(separator: " ").map(String.init) + parameters
    }

    /// The call of the configuration's program.
    ///
    /// - Parameter tag: whose command it is, for those who look at what is running.
    public func command(of configuration: DockerConfiguration, tag: String? = nil) -> Command {
        var command = Command(
            configuration.executable,
            arguments,
            environment: configuration.environment.merging(environment) { $1 },
            name: verb,
            input: input,
            output: output,
            deadline: deadline,
            outputLimit: outputLimit,
            errorLimit: errorLimit,
            tag: tag,
            // Thousands of these would push out the one line that says what went wrong.
            isNoise: PullProgress.Line.isLayer
        )
        command.keepsLines = keepsLines
        return command
    }
}
