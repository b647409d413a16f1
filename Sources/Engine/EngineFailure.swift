public import Deployments

/// Why the engine did not do something, for a program and for a person.
public struct EngineFailure: Error, Sendable, Equatable {
    /// The word for it.
    public var code: FailureCode
    /// A sentence.
    public var message: String
    /// What to do next; a sentence.
    public var hint: String
    /// The exit status of the command that failed, where one did.
    public var exitCode: Int?
    /// The engine's own last lines.
    public var lines: [String] = []
    /// Whether what was named is not there.
    public var isMissing = false
    /// Whether the engine has heard nothing of it.
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
