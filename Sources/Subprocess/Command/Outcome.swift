/// How a command's process ended.
public enum Termination: Sendable, Equatable {
    case exited(Int32)
    case signalled(Int32)
    /// There was no process; `reason` is a sentence.
    case notStarted(reason: String)
}

/// The result of a command.
public struct CommandOutcome: Sendable {
    /// How the process ended.
    public var termination: Termination
    /// The beginning of the output, up to the command's limit. It is empty for a terminal.
    public var output: [UInt8]
    /// Whether the command wrote more output than was kept.
    public var outputTruncated: Bool
    /// The beginning of the errors, up to the number of bytes that the command asks to keep.
    public var errors: [UInt8]
    /// The last lines of the errors, or of everything if output and errors go to one place.
    public var errorLines: [String]
    /// The time from the start to the end of the output.
    public var duration: Duration
    /// Whether it was ended because it took too long.
    public var deadlinePassed: Bool
    /// Whether it was ended because the task that ran it was cancelled.
    public var cancelled: Bool
    /// Why its input failed; the command was ended because of that.
    public var inputFailure: (any Error)?

    /// An outcome.
    public init(
        termination: Termination,
        output: [UInt8] = [],
        outputTruncated: Bool = false,
        errors: [UInt8] = [],
        errorLines: [String] = [],
        duration: Duration = .zero,
        deadlinePassed: Bool = false,
        cancelled: Bool = false,
        inputFailure: (any Error)? = nil
    ) {
        self.termination = termination
        self.output = output
        self.outputTruncated = outputTruncated
        self.errors = errors
        self.errorLines = errorLines
        self.duration = duration
        self.deadlinePassed = deadlinePassed
        self.cancelled = cancelled
        self.inputFailure = inputFailure
    }

    /// Whether the command ended by itself with status 0.
    public var succeeded: Bool {
        termination == .exited(0) && !deadlinePassed && !cancelled && inputFailure == nil
    }

    /// How the command failed, as a text that does not name the command: `it ended with status 1: no such
    /// file`.
    public var failureText: String {
        switch termination {
        case .notStarted(let reason): return "it could not be started: \(reason)"
        case .signalled(let signal): return "signal \(signal) has ended it"
        case .exited(let status):
            if deadlinePassed { return "it took too long" }
            return "it ended with status \(status)" + (errorLines.last.map { ": \($0)" } ?? "")
        }
    }

    /// The exit status, or 128 plus the signal's number if a signal ended it; nil if it did not start.
    public var exitCode: Int? {
        switch termination {
        case .exited(let status): Int(status)
        case .signalled(let signal): 128 + Int(signal)
        case .notStarted: nil
        }
    }
}
