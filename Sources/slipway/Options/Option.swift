/// An option of a command: `--NAME VALUE`, or the environment variable `SLIPWAY_NAME`.
struct Option: Sendable {
    let name: String
    /// A single letter that can be used in place of the name, as in `-w`.
    var short: Character?
    /// The word for the value in the help text; nil for a flag, which takes no value.
    var value: String?
    let help: String
    var isRepeatable = false
    /// Whether the option can also be given as an environment variable.
    var hasVariable = true
    /// What a shell offers as completions of the value.
    var completion = Completion.none

    /// The completions that a shell can offer for a value.
    enum Completion: Sendable, Equatable {
        case none, files, folders
        case words([String])
    }

    /// The environment variable; that of `--stall-timeout` is `SLIPWAY_STALL_TIMEOUT`.
    var variable: String {
        "SLIPWAY_" + name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
    }

    /// The option as help texts show it: `-w, --watch` or `--timeout TIME`.
    var usage: String {
        let letter = short.map { "-\($0), " } ?? ""
        return "\(letter)--\(name)\(value.map { " \($0)" } ?? "")"
    }
}

/// The command line, or a file that it names, is wrong.
struct UsageError: Error {
    let message: String
    /// Whether the help text can help with this error.
    var isAboutOptions = true

    init(_ message: String) {
        self.message = message
    }

    /// An error in a file or in the request in it.
    static func input(_ message: String) -> UsageError {
        var error = UsageError(message)
        error.isAboutOptions = false
        return error
    }
}
