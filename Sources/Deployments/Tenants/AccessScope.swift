/// Whose deployments somebody may see and touch: all of a tenant's, or those of some of its apps.
public struct AccessScope: Sendable, Hashable {
    /// The tenant of those who have none.
    public static let standardTenant = "default"

    /// The tenant.
    public let tenant: String
    /// The apps; nil for all of them.
    public let apps: Set<String>?

    /// A tenant's deployments, of these apps alone where some are given.
    public init(tenant: String, apps: Set<String>? = nil) {
        self.tenant = tenant
        self.apps = apps
    }

    /// Whether an app's deployments are within it.
    public func includes(tenant: String, app: String) -> Bool {
        tenant == self.tenant && (apps?.contains(app) ?? true)
    }
}
