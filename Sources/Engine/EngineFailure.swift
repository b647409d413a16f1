public import Deployments

/// Why the engine did not do what was asked, for programs and for people.
public struct EngineFailure: Error, Sendable, Equatable {
    /// The cause in a word.
    public var code: FailureCode
    /// What happened: a sentence.
    public var message: String
    /// What to do next; a sentence.
    public var hint: String
    /// The exit status of the command that failed; nil if none did.
    public var exitCode: Int?
    /// The engine's own last lines.
    public var lines: [String] = []
    /// Whether the engine has nothing of the name that was given.
    public var isMissing = false
    /// Whether the request never reached the engine.
    public var neverArrived = false
    /// The ports of the host that the engine names.
    public var ports: Set<UInt16> = []

    /// A failure.
    public init(code: FailureCode, message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
