public import Deployments

/// Whose the containers in the engine are. What labels say proves nothing: anybody can write them.
public protocol ContainerOwners: Sendable {
    /// Keeps that a deployment is about to have a container created, which will carry the token.
    ///
    /// It is durable when the call returns: what is created after that is known, whatever happens.
    /// Throws as `EventLog.append` does.
    func announce(creation: String, by driver: Driver) async throws(JournalError)

    /// Keeps which container has come of a creation.
    func own(_ container: String, from creation: String) async throws(JournalError)

    /// Whose the container is; nil if it is nobody's here, whatever its labels say.
    func owner(of claim: ContainerClaim) async throws(JournalError) -> ContainerOwner?
}

/// Whose a container is.
public struct ContainerOwner: Sendable, Hashable {
    /// The deployment that had it created. It may be forgotten by now.
    public let deployment: DeploymentID
    /// The deployment's tenant.
    public let tenant: String
    /// The deployment's app.
    public let app: String

    /// An owner.
    public init(deployment: DeploymentID, tenant: String, app: String) {
        self.deployment = deployment
        self.tenant = tenant
        self.app = app
    }
}
