public import Deployments

/// The selection of the deployments in a view.
public struct DeploymentFilter: Sendable, Hashable {
    /// The scope within which deployments are selected.
    public var accessScope: AccessScope
    /// If it is set, only deployments of this app.
    public var app: String?
    /// If it is set, only deployments in this environment.
    public var environment: String?
    /// If it is set, only these deployments.
    public var ids: Set<DeploymentID>?

    /// Selects all deployments of the scope.
    public init(_ accessScope: AccessScope) {
        self.accessScope = accessScope
    }

    /// Selects all deployments of a tenant.
    public init(tenant: String) {
        self.init(AccessScope(tenant: tenant))
    }

    /// Whether a deployment belongs to the view.
    public func contains(_ deployment: NewDeployment) -> Bool {
        accessScope.includes(tenant: deployment.tenant, app: deployment.app)
            && (app == nil || app == deployment.app)
            && (environment == nil || environment == deployment.environment)
            && (ids?.contains(deployment.id) ?? true)
    }
}
