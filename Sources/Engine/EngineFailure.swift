public import Deployments

/// Why the engine did not do something, for a program and for a person.
public struct EngineFailure: Error, Sendable, Equatable {
    /// The word for it.
    public var code: FailureCode
    /// A sentence.
    public var message: String
    /// What to do next; a sentence.
    public var hint: String

    /// A failure.
    public init(code: FailureCode, message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }
}
