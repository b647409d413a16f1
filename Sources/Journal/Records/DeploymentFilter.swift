public import Deployments

/// Which deployments a view is of.
public struct DeploymentFilter: Sendable, Hashable {
    /// Whose deployments.
    public var accessScope: AccessScope
    /// Of this app alone.
    public var app: String?
    /// Of this environment alone.
    public var environment: String?
    /// These alone.
    public var ids: Set<DeploymentID>?

    /// All of these deployments.
    public init(_ accessScope: AccessScope) {
        self.accessScope = accessScope
    }

    /// All of a tenant's deployments.
    public init(tenant: String) {
        self.init(AccessScope(tenant: tenant))
    }

    /// Whether a deployment is in the view.
    public func contains(_ deployment: NewDeployment) -> Bool {
        accessScope.includes(tenant: deployment.tenant, app: deployment.app)
            && (app == nil || app == deployment.app)
            && (environment == nil || environment == deployment.environment)
            && (ids?.contains(deployment.id) ?? true)
    }
}
