public import Deployments
public import Engine

/// A container port and where the engine has published it.
public struct PublishedPort: Sendable, Equatable {
    /// The mapping in the request.
    public let mapping: PortMapping
    /// The address at which this host reaches the port.
    public let address: String
    /// The port of the host.
    public let hostPort: UInt16

    /// A port that is published at this address.
    public init(mapping: PortMapping, address: String, hostPort: UInt16) {
        self.mapping = mapping
        self.address = address
        self.hostPort = hostPort
    }

    /// The ports of a container that are published now, in the order of the mappings. There are
    /// none while the container does not run.
    public static func of(
        _ container: Container,
        _ mappings: [PortMapping]
    ) -> [PublishedPort] {
        mappings.compactMap { mapping in
            let table = mapping.transport == .udp ? container.udpPorts : container.ports
            return table[mapping.container].flatMap { bindings in
                let asked = bindings.first { binding in
                    mapping.host.map { $0 == binding.port } ?? true
                }
                return (asked ?? bindings.first).map { binding in
                    PublishedPort(
                        mapping: mapping,
                        address: reachable(binding.address),
                        hostPort: binding.port
                    )
                }
            }
        }
    }

    /// The port's URL with the name by which callers reach this host.
    public func url(host: String) -> String {
        "\(mapping.transport == .udp ? "udp" : "http")://\(host):\(hostPort)"
    }

    /// The address at which this host reaches a port that is published on `address`.
    private static func reachable(_ address: String) -> String {
        switch address {
        case "", "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: address
        }
    }
}
