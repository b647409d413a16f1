/// The owner of a deployment.
public struct DeploymentOwner: Sendable, Hashable {
    /// The tenant.
    public let tenant: String
    /// The app.
    public let app: String

    /// Creates an owner.
    public init(tenant: String, app: String) {
        self.tenant = tenant
        self.app = app
    }
}
