public import Deployments

/// Why a command failed, for a program and for a person.
public struct FailureClassification: Sendable, Equatable {
    /// The word for it.
    public var code: FailureCode
    /// A sentence.
    public var message: String
    /// What to do next; a sentence.
    public var hint: String

    /// Tells the cause of a command that did not succeed.
    ///
    /// - Parameters:
    ///   - verb: the command's.
    ///   - image: the image that the deployment is about.
    public static func classify(
        verb: String,
        outcome: CommandOutcome,
        image: String
    ) -> FailureClassification {
        FailureClassification(code: .internal, message: "", hint: "")
    }
}
