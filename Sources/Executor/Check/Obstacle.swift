import Deployments
import Engine

/// What stands in the way of a deployment: the deployment fails by it, and a check lists it.
struct Obstacle: Error {
    /// How the deployment fails.
    let failure: StageFailure
    /// What a check says under its subject: a sentence without its full stop.
    let listed: String
    /// What a check advises.
    let advice: String

    /// An obstacle whose two sentences differ in their subject at most.
    ///
    /// - Parameters:
    ///   - subject: what the sentence begins with.
    ///   - listed: what it begins with in a check, where another word stands above it.
    ///   - predicate: the rest of the sentence, without its full stop.
    init(
        _ code: FailureCode,
        _ subject: String,
        listed: String? = nil,
        _ predicate: String,
        hint: String
    ) {
        self.init(
            StageFailure(code, "\(subject) \(predicate).", hint: hint),
            listed: "\(listed ?? subject) \(predicate)",
            advice: hint
        )
    }

    /// - Parameters:
    ///   - listed: the failure's message without its full stop if nil.
    ///   - advice: the failure's hint if nil.
    init(_ failure: StageFailure, listed: String? = nil, advice: String? = nil) {
        self.failure = failure
        self.listed = listed ?? String(failure.message.dropLast())
        self.advice = advice ?? failure.hint
    }
}

extension CheckReport.Check {
    /// What a check says of a subject in whose way something stands.
    init(_ subject: Subject, _ obstacle: Obstacle) {
        self.init(
            subject: subject,
            message: obstacle.listed,
            code: obstacle.failure.code,
            hint: obstacle.advice
        )
    }

    /// What a check says of a subject if the engine does not answer its question, or refuses it.
    init(_ subject: Subject, _ failure: EngineFailure) {
        self.init(
            subject: subject,
            message: failure.message,
            code: failure.code,
            hint: failure.hint
        )
    }
}
