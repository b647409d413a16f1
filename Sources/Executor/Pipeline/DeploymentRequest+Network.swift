import Deployments

extension DeploymentRequest {
    /// The networks that must be there; not the engine's own, and not another container's.
    var networksToFind: [String] {
        attachments.map(\.network).filter {
            !["host", "none", "bridge", "default"].contains($0) && !$0.hasPrefix("container:")
        }
    }
}
