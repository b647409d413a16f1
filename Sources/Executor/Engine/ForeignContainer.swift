import Deployments
import Engine
import Journal

/// A container that has the requested name and must not be touched.
struct ForeignContainer {
    /// Whom the container belongs to, in words that follow its name.
    let message: String
    /// What to do about it.
    let hint: String

    /// Nil if the scope may replace the container.
    ///
    /// - Parameter owner: the owner in the journal; nil if the journal does not know the container.
    init?(
        _ container: Container,
        _ owner: ContainerOwner?,
        within accessScope: AccessScope
    ) {
        let choose = "Choose another container_name"
        guard let owner else {
            let isLabelled = container.labels[Label.deployment] != nil
            message =
                "belongs to a container that Slipway did not make for you"
                + (isLabelled ? ": it has the labels, but is not known here" : "")
            hint = "\(choose), or remove that container yourself."
            return
        }
        guard !accessScope.includes(tenant: owner.tenant, app: owner.app) else { return nil }
        if owner.tenant == accessScope.tenant {
            message =
                "belongs to a container that Slipway did not make for you, but for \(owner.app)"
        } else {
            message = "belongs to another tenant's container: Slipway did not make it for you"
        }
        hint = "\(choose)."
    }
}
