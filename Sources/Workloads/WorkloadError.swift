public import Deployments
public import Engine
public import Journal

/// Why something cannot be done with a deployment's container.
public enum WorkloadError: Error {
    /// There is no such deployment.
    case unknown
    /// The deployment has no container, in this state.
    case noContainer(DeploymentStatus)
    /// The container was removed. The deployment that took its place is named, if there is one.
    case removed(replacedBy: DeploymentID?)
    /// The container does not run, so it cannot be stopped.
    case notRunning
    /// The container runs already.
    case alreadyRunning
    /// A deployment with the same container name is running, and expects the container as it is.
    case beingReplaced(by: DeploymentID?)
    /// Too many logs are being read.
    case tooManyLogs
    /// The engine failed.
    case engine(EngineFailure)
    /// The journal failed.
    case journal(JournalError)
}
