import Deployments
import Engine

/// A volume that was requested and must not be used.
struct ForeignVolume {
    /// Whom the volume belongs to, in words that follow its name.
    let message: String
    /// What to do about it.
    let hint: String

    /// Nil if the scope may use the volume: it belongs to the scope, or it has no labels and the scope is
    /// the default tenant's.
    init?(_ volume: Volume, within accessScope: AccessScope) {
        hint = "Choose another name for the volume."
        guard let tenant = volume.labels[Label.tenant] else {
            guard volume.isAnonymous || accessScope.tenant != AccessScope.standardTenant else {
                return nil
            }
            message =
                volume.isAnonymous
                ? "is part of another container" : "was not made by Slipway for you"
            return
        }
        let app = volume.labels[Label.app] ?? ""
        guard !accessScope.includes(tenant: tenant, app: app) else { return nil }
        message =
            tenant == accessScope.tenant
            ? "belongs to the app \(app)" : "belongs to another tenant"
    }
}
