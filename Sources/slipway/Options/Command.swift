/// A command of the program, and what its help text, man page and completions are made from.
struct Command: Sendable {
    let name: String
    /// The arguments beside the options, such as `FILE|-`; empty if there are none.
    var arguments = ""
    /// One line that says what the command does.
    let summary: String
    /// Paragraphs that follow the summary.
    var details = ""
    var options: [Option] = []
    /// How many arguments are allowed.
    var count = 0...0
    let run: @Sendable (Invocation) async throws -> ExitStatus

    /// The command line in short: `slipway deploy FILE|- [OPTION…]`.
    var usage: String {
        "slipway \(name)" + (arguments.isEmpty ? "" : " \(arguments)")
            + (options.isEmpty ? "" : " [OPTION…]")
    }
}

/// A command as it was called.
struct Invocation: Sendable {
    let command: Command
    let values: OptionValues
    let environment: [String: String]

    init(
        _ command: Command,
        _ line: [String],
        environment: [String: String]
    ) throws(UsageError) {
        self.command = command
        self.environment = environment
        values = try OptionValues(line, options: command.options, environment: environment)
        let given = values.arguments
        if given.count > command.count.upperBound {
            throw UsageError("unexpected argument: \(given[command.count.upperBound])")
        }
        guard given.count >= command.count.lowerBound else {
            throw UsageError("\(command.name) needs \(command.arguments)")
        }
    }

    /// The first argument, for commands that need one.
    var argument: String { values.arguments.first ?? "" }
}
