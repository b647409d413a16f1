public import Deployments
public import Journal

/// Why a deployment was not accepted.
public enum SubmissionError: Error {
    /// A deployment of the same container name has not ended, and the request asks to be rejected in that
    /// case. Nil if the caller may not know that deployment.
    case nameBusy(DeploymentID?)
    /// The queue is full.
    case queueFull(capacity: Int)
    /// The server is shutting down.
    case closing
    case journal(JournalError)
}

/// The result of a request to cancel.
public enum Cancellation: Sendable {
    /// The deployment is being ended, perhaps because of an earlier request.
    case accepted
    /// The deployment has ended, or its new container has already replaced the old one.
    case tooLate
    case unknown
}
