/// An option of a command: `--NAME VALUE`, or the environment variable `SLIPWAY_NAME`.
struct Option: Sendable {
    let name: String
    /// What stands for the value in the help text; nil for an option that is given or not.
    var value: String?
    let help: String
    var isRepeatable = false

    /// `--stall-timeout` is `SLIPWAY_STALL_TIMEOUT`.
    var variable: String {
        "SLIPWAY_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }
}

/// A command line that cannot be understood.
struct UsageError: Error {
    let message: String

    init(_ message: String) {
        self.message = message
    }
}

/// The values that options were given: on the command line, else in the environment.
struct OptionValues: Sendable {
    private var values: [String: [String]] = [:]

    /// Reads `--name value` and `--name=value`. A repeatable option's variable holds one value a
    /// line.
    init(
        _ arguments: [String],
        options: [Option],
        environment: [String: String]
    ) throws(UsageError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                throw UsageError("unexpected argument: \(argument)")
            }
            let parts = argument.dropFirst(2).split(
                separator: "=",
                maxSplits: 1,
                omittingEmptySubsequences: false
            )
            let name = parts.first.map(String.init) ?? ""
            guard let option = options.first(where: { $0.name == name }) else {
                throw UsageError("unknown option --\(name)")
            }
            let value: String
            if option.value == nil, parts.count == 1 {
                value = "true"
            } else if parts.count == 2 {
                value = String(parts[1])
            } else if let next = rest.popFirst() {
                value = next
            } else {
                throw UsageError("--\(name) needs a value: \(option.value ?? "")")
            }
            guard option.isRepeatable || values[name] == nil else {
                throw UsageError("--\(name) is given twice")
            }
            values[name, default: []].append(value)
        }
        for option in options where values[option.name] == nil {
            guard let text = environment[option.variable], !text.isEmpty else { continue }
            values[option.name] =
                option.isRepeatable
                ? text.split(whereSeparator: \.isNewline).map(String.init) : [text]
        }
    }

    /// The option's value; nil where it has none.
    func text(_ name: String) -> String? {
        values[name]?.first
    }

    /// All values of a repeatable option.
    func texts(_ name: String) -> [String] {
        values[name] ?? []
    }

    /// The option's whole number.
    func integer(_ name: String, in bounds: ClosedRange<Int>) throws(UsageError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let value = Int(text), bounds.contains(value) else {
            throw UsageError(
                "--\(name) must be a whole number from \(bounds.lowerBound) to"
                    + " \(bounds.upperBound), not \(text)"
            )
        }
        return value
    }

    /// Whether the option is `true` (or `1`, `yes`).
    func flag(_ name: String) throws(UsageError) -> Bool {
        switch text(name) {
        case nil, "false", "0", "no": return false
        case "true", "1", "yes": return true
        case .some(let text): throw UsageError("--\(name) must be true or false, not \(text)")
        }
    }
}
