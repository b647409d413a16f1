import Deployments
import Docker

extension ContainerInspection {
    /// Whether its labels tell of a deployment within the reach.
    func isWithin(_ reach: Reach) -> Bool {
        reach.includes(
            tenant: labels[Label.tenant, default: "default"],
            app: labels[Label.app, default: ""]
        )
    }
}
