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
    public var input: Input
    /// Where it writes.
    public var output: OutputMode
    /// How long it may run; nil for as long as it takes.
    public var deadline: Duration?
    /// How many bytes of output are kept for the outcome; what follows is read and dropped.
    public var outputLimit: Int
    /// How many bytes of errors are kept beside their last lines.
    public var errorLimit = 0
    /// Whose command it is, for those who look at what is running.
    public var tag: String?

    /// What the command reads.
    public enum Input: Sendable, Equatable {
        /// Nothing: the null device.
        case none
        /// The bytes of a `ByteSource`.
        case stream
    }

    /// Where the command writes.
    public enum OutputMode: Sendable, Equatable {
        /// Output and errors apart.
        case pipes
        /// Both into one pipe, in the order in which they were written.
        case merged
        /// Both to a terminal of 80 columns.
        case terminal
    }

    /// A command. Most are made by the functions named after their verb.
    public init(
        _ verb: String,
        _ parameters: [String] = [],
        environment: [String: String] = [:],
        input: Input = .none,
        output: OutputMode = .pipes,
        deadline: Duration? = .seconds(60),
        outputLimit: Int = 4 << 20,
        tag: String? = nil
    ) {
        self.verb = verb
        self.parameters = parameters
        self.environment = environment
        self.input = input
        self.output = output
        self.deadline = deadline
        self.outputLimit = outputLimit
        self.tag = tag
    }

    /// The whole argument list, without the program's name.
    public var arguments: [String] {
        verb.split(separator: " ").map(String.init) + parameters
    }
}
