/// A command of the program, and what its help text, man page and completions are made from.
struct Command: Sendable {
    let name: String
    /// What stands beside the options: `FILE|-`; empty for nothing.
    var arguments = ""
    /// A line.
    let summary: String
    /// Paragraphs.
    var details = ""
    var options: [Option] = []
    /// How many arguments there may be.
    var count = 0...0
    let run: @Sendable (Invocation) async throws -> ExitStatus

    /// `slipway deploy FILE|- [OPTION…]`.
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

    /// The first argument. Only for commands that need one.
    var argument: String { values.arguments.first ?? "" }
}
