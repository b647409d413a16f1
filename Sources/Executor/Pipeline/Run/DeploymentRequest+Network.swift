import Deployments

extension DeploymentRequest {
    /// The networks that must be there, without the engine's own ones and those of other containers.
    var networksToFind: [String] {
        attachments.map(\.network).filter {
            !["host", "none", "bridge", "default"].contains($0) && !$0.hasPrefix("container:")
        }
    }
}
