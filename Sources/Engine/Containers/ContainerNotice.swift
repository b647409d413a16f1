public import Deployments

/// What a deployment tells the monitor of containers, which then need not ask the engine.
public enum ContainerNotice: Sendable {
    /// The deployment has started its container, which the engine then showed like this.
    case started(Container, of: DeploymentID)
    /// The deployment's container has taken the place of this one, which it stops and removes now.
    case replaced(_ container: String, by: DeploymentID)
}
