/// A call of a program: its arguments and how it is run.
public struct Command: Sendable {
    /// The program as an absolute path; it is not looked up.
    public var program: String
    /// The arguments without the program's name.
    public var arguments: [String]
    /// The complete environment.
    public var environment: [String: String]
    /// The name under which it is counted: one of the few names that this program knows.
    public var name: String
    /// Where its input comes from.
    public var input: Input
    /// Where its output goes.
    public var output: OutputMode
    /// How long it may run; nil for any time.
    public var deadline: Duration?
    /// The number of bytes of output that are kept for the outcome; the rest is read and dropped.
    public var outputLimit: Int
    /// The number of bytes of errors that are kept besides the last lines.
    public var errorLimit: Int
    /// Whom the command belongs to, for the list of running commands.
    public var tag: String?
    /// Whether it is killed when this program is gone, however it ends. Its output must go to pipes, and its
    /// errors go to a socket then.
    public var endsWithProgram = false
    /// Whether the last lines are kept: those of the errors, or of everything if output and errors go to
    /// one place.
    public var keepsLines = true
    /// Whether a line is left out of the last lines.
    public var isNoise: @Sendable ([UInt8]) -> Bool

    /// The input of a command.
    public enum Input: Sendable, Equatable {
        /// No input: the null device.
        case none
        /// The bytes of a `ByteSource`.
        case stream
    }

    /// The output of a command.
    public enum OutputMode: Sendable, Equatable {
        /// Output and errors separately.
        case pipes
        /// Both into one pipe, in the order in which they were written.
        case merged
        /// Both to a terminal of 80 columns.
        case terminal
    }

    /// A command.
    public init(
        _ program: String,
        _ arguments: [String],
        environment: [String: String] = [:],
        name: String = "",
        input: Input = .none,
        output: OutputMode = .pipes,
        deadline: Duration? = .seconds(60),
        outputLimit: Int = 4 << 20,
        errorLimit: Int = 0,
        tag: String? = nil,
        isNoise: @escaping @Sendable ([UInt8]) -> Bool = { _ in false }
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.name = name
        self.input = input
        self.output = output
        self.deadline = deadline
        self.outputLimit = outputLimit
        self.errorLimit = errorLimit
        self.tag = tag
        self.isNoise = isNoise
    }
}
