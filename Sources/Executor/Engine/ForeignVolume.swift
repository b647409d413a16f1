import Deployments
import Engine

/// A volume that is asked for and must not be used.
struct ForeignVolume {
    /// Whose it is, as words that follow the name.
    let message: String
    /// What to do about it.
    let hint: String

    /// Nil if whoever has the reach may use the volume: one of their own, or, for the tenant of those
    /// who have none, one that somebody has made by hand.
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
