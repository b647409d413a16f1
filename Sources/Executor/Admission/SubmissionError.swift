public import Deployments
public import Journal

/// A deployment was not accepted.
public enum SubmissionError: Error {
    /// The same container name is being deployed, and the request says to reject it then. Nil
    /// where that deployment is not the caller's to know of.
    case nameBusy(DeploymentID?)
    /// The queue is full.
    case queueFull(capacity: Int)
    /// The server is shutting down.
    case closing
    case journal(JournalError)
}

/// What came of a request to cancel.
public enum Cancellation: Sendable {
    /// It ends now; also where it was already told to.
    case accepted
    /// It has ended, or its new container has already taken over.
    case tooLate
    case unknown
}
