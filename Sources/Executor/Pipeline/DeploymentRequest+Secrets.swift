import Deployments
import Engine

extension DeploymentRequest {
    /// What nobody but the container and the registry may see.
    var secrets: [String] {
        environmentValues.values + (registryAuth.map { [$0.password, $0.encoded] } ?? [])
    }
}
