public import Deployments

/// What a deployment lets those know who monitor containers, so that they need not ask the engine.
public enum ContainerNotice: Sendable {
    /// The deployment's container has been started, and was then as the inspection tells.
    case started(Container, of: DeploymentID)
    /// The deployment has taken a container's place: it stops and removes it now.
    case replaced(_ container: String, by: DeploymentID)
}
