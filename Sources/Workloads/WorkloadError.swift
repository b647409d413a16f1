public import Deployments
public import Engine
public import Journal

/// Why something cannot be done with a deployment's container.
public enum WorkloadError: Error {
    /// There is no such deployment.
    case unknown
    /// The deployment has no container, as it stands.
    case noContainer(DeploymentStatus)
    /// The engine has the container no more; the deployment that took its place, if there is one.
    case removed(replacedBy: DeploymentID?)
    /// There is nothing to stop.
    case notRunning
    /// There is nothing to start.
    case alreadyRunning
    /// A deployment of the same container name is at work, and would not find what it left.
    case beingReplaced(by: DeploymentID?)
    /// As many logs are read as may be.
    case tooManyLogs
    /// The engine did not do as asked.
    case engine(EngineFailure)
    case journal(JournalError)
}
