import Deployments
import Journal

/// A stage could not do its work.
struct StageFailure: Error {
    var code: FailureCode
    /// What has happened; a sentence.
    var message: String
    /// What to do next; a sentence.
    var hint: String
    var exitCode: Int?
    var outputTail: [String] = []
    var containerLogTail = LogTail()

    init(
        _ code: FailureCode,
        _ message: String,
        hint: String,
        exitCode: Int? = nil,
        outputTail: [String] = [],
        containerLogTail: LogTail = LogTail()
    ) {
        self.code = code
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
        self.outputTail = outputTail
        self.containerLogTail = containerLogTail
    }
}

extension StageFailure {
    /// The journal does not take the deployment's events.
    init(_ error: JournalError) {
        self.init(
            error.code == .diskFull ? .diskFull : .internal,
            "The journal could not keep the deployment's progress: \(error)",
            hint: "Look at the disk that holds the server's data directory."
        )
    }
}

/// Why a deployment is being ended from outside.
enum EndReason: Sendable {
    case cancelled
    case timedOut
    /// The server stops; the deployment goes on when it is started again.
    case suspended

    var failure: StageFailure {
        switch self {
        case .cancelled:
            StageFailure(
                .cancelled,
                "The deployment was cancelled.",
                hint: "Deploy again when you are ready; what ran before is still running."
            )
        case .timedOut:
            StageFailure(
                .timedOut,
                "The deployment took longer than it may.",
                hint: "See which stage took so long; --deployment-timeout allows more."
            )
        case .suspended:
            StageFailure(
                .interrupted,
                "The server stopped before the deployment was done.",
                hint: "Deploy again; what ran before is still running."
            )
        }
    }
}
