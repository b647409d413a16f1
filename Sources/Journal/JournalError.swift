/// Why the journal could not do what it was asked.
public struct JournalError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller can branch on.
    public let code: Code
    /// What was being done, in a few words: `open the database`.
    public let operation: String
    /// What went wrong, for a person.
    public let message: String

    /// The kinds of trouble.
    public enum Code: Sendable, Hashable {
        /// There is no room on the disk.
        case diskFull
        /// The files may not be written.
        case readOnly
        /// The database is damaged, or is no database.
        case corrupt
        /// Another program held the database for too long.
        case busy
        /// A newer version of this program wrote the database.
        case newerSchema
        /// Another server uses the data directory.
        case inUse
        /// The deployment's id is taken.
        case alreadyExists
        /// There is no deployment of that id.
        case unknownDeployment
        /// The deployment has had its final event.
        case alreadyFinal
        /// The deployment has not had its final event.
        case notFinal
        /// The deployment's container serves, or soon will.
        case workloadLives
        /// The key stands for another deployment.
        case keyTaken
        /// Somebody else drives the deployment by now.
        case fenced
        /// The deployment has set out to do the opposite.
        case contradicted
        /// The journal has been closed.
        case closed
        /// Anything else, with the number that SQLite or the system gave.
        case other(Int32)
    }

    /// An error with its cause.
    public init(code: Code, operation: String, message: String) {
        self.code = code
        self.operation = operation
        self.message = message
    }

    /// Whether somebody else drives the deployment by now, or has ended it: then it is nothing of the
    /// caller's any more.
    public var isLoss: Bool {
        switch code {
        case .fenced, .alreadyFinal, .unknownDeployment: true
        default: false
        }
    }

    /// One line for a log.
    public var description: String { "could not \(operation): \(message)" }
}

extension JournalError {
    /// Nothing can be done any more.
    package static func closed(_ operation: String) -> JournalError {
        JournalError(code: .closed, operation: operation, message: "the journal is closed")
    }

    /// The change makes no sense as the journal stands.
    package static func refused(_ code: Code, _ message: String) -> JournalError {
        JournalError(code: code, operation: "commit a change", message: message)
    }

    /// Whether one change was refused before anything of it was written.
    package var isRefusal: Bool {
        switch code {
        case .alreadyExists, .unknownDeployment, .alreadyFinal, .notFinal, .workloadLives,
            .keyTaken, .fenced, .contradicted:
            true
        default: false
        }
    }
}
