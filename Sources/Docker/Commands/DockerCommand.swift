public import Subprocess

/// One call of the docker program: its arguments, and how it is run.
///
/// No value can be taken for an option: options are written as `--name=value`, and `--` comes before the
/// first value without a name.
public struct DockerCommand: Sendable, Equatable {
    /// The words that name the command, such as `container inspect`.
    public var verb: String
    /// The arguments after the verb.
    public var parameters: [String]
    /// Variables that are added to the configuration's environment.
    public var environment: [String: String]
    /// What the program reads.
    public var input: Command.Input
    /// What the program writes to.
    public var output: Command.OutputMode
    /// How long the program may run; nil for no limit.
    public var deadline: Duration?
    /// How many bytes of output are kept for the outcome. The rest is read and dropped.
    public var outputLimit: Int
    /// How many bytes of the errors are kept, besides their last lines.
    public var errorLimit = 0
    /// Whether the last lines of the errors are kept.
    var keepsLines = true

    /// A command. The functions that are named after verbs make most of them.
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

    /// All arguments, without the program's name.
    public var arguments: [String] {
        verb.split(separator: " ").map(String.init) + parameters
    }

    /// The call of the configuration's program.
    ///
    /// - Parameter tag: names the work to those who look at the commands that are running.
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
            // Thousands of such lines would push out the one that says what went wrong.
            isNoise: PullProgress.Line.isLayer
        )
        command.keepsLines = keepsLines
        return command
    }
}
