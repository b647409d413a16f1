import Deployments

/// The values of the options: from the command line or, if an option is missing there, from the environment.
struct OptionValues: Sendable {
    private var values: [String: [String]] = [:]
    private var fromLine: Set<String> = []
    /// The arguments beside the options, in order.
    private(set) var arguments: [String] = []

    /// Reads `--name value`, `--name=value`, `-n value`, and flags as `--name`, `-n` or `-nm`; `--`
    /// ends the options. The variable of a repeatable option holds one value per line.
    init(
        _ line: [String],
        options: [Option],
        environment: [String: String]
    ) throws(UsageError) {
        var rest = line[...]
        while let argument = rest.popFirst() {
            if argument == "--" {
                arguments += rest
                break
            }
            if argument.hasPrefix("--") {
                try readLong(argument.dropFirst(2), &rest, options)
            } else if argument.hasPrefix("-"), argument != "-" {
                try readShort(argument.dropFirst(), &rest, options)
            } else {
                arguments.append(argument)
            }
        }
        fromLine = Set(values.keys)
        for option in options where values[option.name] == nil && option.hasVariable {
            guard let text = environment[option.variable], !text.isEmpty else { continue }
            values[option.name] =
                option.isRepeatable
                ? text.split(whereSeparator: \.isNewline).map(String.init) : [text]
        }
    }

    private mutating func readLong(
        _ text: Substring,
        _ rest: inout ArraySlice<String>,
        _ options: [Option]
    ) throws(UsageError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        guard let option = options.first(where: { $0.name == name }) else {
            let near = NearName.of(name, among: options.map(\.name))
            throw UsageError(
                "unknown option --\(name)" + (near.map { "; did you mean --\($0)?" } ?? "")
            )
        }
        try add(option, parts.count == 2 ? String(parts[1]) : nil, "--\(name)", &rest)
    }

    private mutating func readShort(
        _ text: Substring,
        _ rest: inout ArraySlice<String>,
        _ options: [Option]
    ) throws(UsageError) {
        var letters = text
        while let letter = letters.popFirst() {
            guard let option = options.first(where: { $0.short == letter }) else {
                throw UsageError("unknown option -\(letter)")
            }
            var given: String?
            if option.value != nil, !letters.isEmpty {
                given = String(letters.first == "=" ? letters.dropFirst() : letters)
                letters = ""
            }
            try add(option, given, "-\(letter)", &rest)
        }
    }

    private mutating func add(
        _ option: Option,
        _ given: String?,
        _ written: String,
        _ rest: inout ArraySlice<String>
    ) throws(UsageError) {
        let value: String
        if let given {
            value = given
        } else if option.value == nil {
            value = "true"
        } else if let next = rest.popFirst() {
            value = next
        } else {
            throw UsageError("\(written) needs a value: \(option.value ?? "")")
        }
        guard option.isRepeatable || values[option.name] == nil else {
            throw UsageError("--\(option.name) is given twice")
        }
        values[option.name, default: []].append(value)
    }

    /// The option's value; nil if it has none.
    func text(_ name: String) -> String? {
        values[name]?.first
    }

    /// The values as if that option had not been given.
    func without(_ name: String) -> OptionValues {
        var rest = self
        rest.values[name] = nil
        return rest
    }

    /// Whether the command line itself gave the option.
    func isFromLine(_ name: String) -> Bool {
        fromLine.contains(name)
    }

    /// All values of a repeatable option.
    func texts(_ name: String) -> [String] {
        values[name] ?? []
    }

    /// The option's value as a whole number.
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

    /// Whether the option is `true`, `1` or `yes`.
    func flag(_ name: String) throws(UsageError) -> Bool {
        switch text(name) {
        case nil, "false", "0", "no": return false
        case "true", "1", "yes": return true
        case .some(let text): throw UsageError("--\(name) must be true or false, not \(text)")
        }
    }

    /// The option's length of time, which is more than zero: `90`, `90s`, `10m`, `1h30m`.
    func duration(_ name: String) throws(UsageError) -> Duration? {
        guard let text = text(name) else { return nil }
        guard let duration = Self.duration(text) else {
            throw UsageError("--\(name) must be a time such as 90s, 10m or 1h30m, not \(text)")
        }
        return duration
    }

    private static func duration(_ text: String) -> Duration? {
        var total: Int64 = 0
        var digits = ""
        for character in text {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard let unit: Int64 = ["s": 1, "m": 60, "h": 3600, "d": 86_400][character],
                digits.utf8.count <= 9, let count = Int64(digits)
            else { return nil }
            total += count * unit
            digits = ""
        }
        if !digits.isEmpty {
            guard digits.utf8.count <= 9, digits == text, let count = Int64(digits) else {
                return nil
            }
            total = count
        }
        return (1...31_536_000).contains(total) ? .seconds(total) : nil
    }
}
