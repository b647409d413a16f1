/// One call of a program: its arguments and how it is run.
public struct Command: Sendable {
    /// The program, as an absolute path: nothing is looked up.
    public var program: String
    /// Without the program's name.
    public var arguments: [String]
    /// Its whole environment.
    public var environment: [String: String]
    /// What it is counted as: one of the few names that this program knows.
    public var name: String
    /// What it reads.
    public var input: Input
    /// Where it writes.
    public var output: OutputMode
    /// How long it may run; nil for as long as it takes.
    public var deadline: Duration?
    /// How many bytes of output are kept for the outcome; what follows is read and dropped.
    public var outputLimit: Int
    /// How many bytes of errors are kept beside their last lines.
    public var errorLimit: Int
    /// Whose command it is, for those who look at what is running.
    public var tag: String?
    /// Whether the last lines of its errors are kept, or of everything where both go to one place.
    public var keepsLines = true
    /// Whether a line is left out of the last lines of its errors.
    public var isNoise: @Sendable ([UInt8]) -> Bool

    /// What a command reads.
    public enum Input: Sendable, Equatable {
        /// Nothing: the null device.
        case none
        /// The bytes of a `ByteSource`.
        case stream
    }

    /// Where a command writes.
    public enum OutputMode: Sendable, Equatable {
        /// Output and errors apart.
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
