/// An option of a command: `--NAME VALUE`, or the environment variable `SLIPWAY_NAME`.
struct Option: Sendable {
    let name: String
    /// A letter that stands for the name: `-w`.
    var short: Character?
    /// What stands for the value in the help text; nil for an option that is given or not.
    var value: String?
    let help: String
    var isRepeatable = false
    /// Whether the environment can give it.
    var hasVariable = true
    /// What a shell offers for the value.
    var completion = Completion.none

    /// What a shell offers for a value.
    enum Completion: Sendable, Equatable {
        case none, files, folders
        case words([String])
    }

    /// `--stall-timeout` is `SLIPWAY_STALL_TIMEOUT`.
    var variable: String {
        "SLIPWAY_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    /// `-w, --watch` or `--timeout TIME`.
    var usage: String {
        let letter = short.map { "-\($0), " } ?? ""
        return "\(letter)--\(name)\(value.map { " \($0)" } ?? "")"
    }
}

/// A command line that cannot be understood, or a file that it names.
struct UsageError: Error {
    let message: String
    /// Whether the help text says more.
    var isAboutOptions = true

    init(_ message: String) {
        self.message = message
    }

    /// What is wrong with a file or with the request in it.
    static func input(_ message: String) -> UsageError {
        var error = UsageError(message)
        error.isAboutOptions = false
        return error
    }
}
