public import Deployments

/// Knows to whom the containers in the engine belong. Labels prove nothing, because anybody can
/// write them.
public protocol ContainerOwners: Sendable {
    /// Stores that a deployment is about to create a container that will carry the token.
    ///
    /// This is durable when the call returns, so a container that is created afterwards is known
    /// whatever happens. Throws as `EventLog.append` does.
    func announce(creation: String, by driver: Driver) async throws(JournalError)

    /// Stores which container has resulted from a creation.
    func own(_ container: String, from creation: String) async throws(JournalError)

    /// The owner of the container; nil if it belongs to nobody here, whatever its labels say.
    func owner(of claim: ContainerClaim) async throws(JournalError) -> ContainerOwner?
}

/// The owner of a container.
public struct ContainerOwner: Sendable, Hashable {
    /// The deployment that created it, which may have been forgotten.
    public let deployment: DeploymentID
    /// The deployment's tenant.
    public let tenant: String
    /// The deployment's app.
    public let app: String

    /// Creates an owner.
    public init(deployment: DeploymentID, tenant: String, app: String) {
        self.deployment = deployment
        self.tenant = tenant
        self.app = app
    }
}
