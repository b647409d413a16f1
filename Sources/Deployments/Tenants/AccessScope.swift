/// The deployments that somebody may see and change: all of a tenant, or those of some of its apps.
public struct AccessScope: Sendable, Hashable {
    /// The tenant of callers that have none.
    public static let standardTenant = "default"

    /// The tenant.
    public let tenant: String
    /// The apps; nil for all of them.
    public let apps: Set<String>?

    /// Creates a scope of a tenant's deployments. If apps are given, only theirs are in it.
    public init(tenant: String, apps: Set<String>? = nil) {
        self.tenant = tenant
        self.apps = apps
    }

    /// Whether the deployments of an app are in the scope.
    public func includes(tenant: String, app: String) -> Bool {
        tenant == self.tenant && (apps?.contains(app) ?? true)
    }
}
