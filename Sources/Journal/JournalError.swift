/// The reason why a call to the journal failed.
public struct JournalError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The code, which callers can branch on.
    public let code: Code
    /// The operation that failed, in a few words: `open the database`.
    public let operation: String
    /// The cause, for a person.
    public let message: String

    /// The kinds of failures.
    public enum Code: Sendable, Hashable {
        /// There is no room on the disk.
        case diskFull
        /// The files may not be written.
        case readOnly
        /// The database is damaged, or is not a database.
        case corrupt
        /// Another program has locked the database for too long.
        case busy
        /// A newer version of this program wrote the database.
        case newerSchema
        /// Another server uses the data directory.
        case inUse
        /// The id of the deployment is taken.
        case alreadyExists
        /// No deployment has that id.
        case unknownDeployment
        /// The deployment has had its final event.
        case alreadyFinal
        /// The deployment has not had its final event.
        case notFinal
        /// The container of the deployment serves, or will soon.
        case workloadLives
        /// The key stands for another deployment.
        case keyTaken
        /// Another driver has taken over the deployment.
        case fenced
        /// The deployment has already committed itself to the opposite.
        case contradicted
        /// The journal has been closed.
        case closed
        /// Any other failure, with the number from SQLite or from the system.
        case other(Int32)
    }

    /// Creates an error.
    public init(code: Code, operation: String, message: String) {
        self.code = code
        self.operation = operation
        self.message = message
    }

    /// Whether somebody else has taken over or ended the deployment, so that the caller must leave
    /// it alone.
    public var isLoss: Bool {
        switch code {
        case .fenced, .alreadyFinal, .unknownDeployment: true
        default: false
        }
    }

    /// The error as one line for a log.
    public var description: String { "could not \(operation): \(message)" }
}

extension JournalError {
    /// The journal has been closed.
    package static func closed(_ operation: String) -> JournalError {
        JournalError(code: .closed, operation: operation, message: "the journal is closed")
    }

    /// The change is not possible in the journal's present state.
    package static func refused(_ code: Code, _ message: String) -> JournalError {
        JournalError(code: code, operation: "commit a change", message: message)
    }

    /// Whether one change was refused before any of it was written.
    package var isRefusal: Bool {
        switch code {
        case .alreadyExists, .unknownDeployment, .alreadyFinal, .notFinal, .workloadLives,
            .keyTaken, .fenced, .contradicted:
            true
        default: false
        }
    }
}
