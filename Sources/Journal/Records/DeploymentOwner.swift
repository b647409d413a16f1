/// Whose a deployment is.
public struct DeploymentOwner: Sendable, Hashable {
    /// The tenant.
    public let tenant: String
    /// The app.
    public let app: String

    /// An owner.
    public init(tenant: String, app: String) {
        self.tenant = tenant
        self.app = app
    }
}
