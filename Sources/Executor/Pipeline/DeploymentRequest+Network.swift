import Deployments

extension DeploymentRequest {
    /// The network that must be there; nil for the engine's own, and for another container's.
    var networkToFind: String? {
        guard let network, !["host", "none", "bridge", "default"].contains(network),
            !network.hasPrefix("container:")
        else { return nil }
        return network
    }
}
