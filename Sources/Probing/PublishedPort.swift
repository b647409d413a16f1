public import Deployments
public import Engine

/// A container port and where the engine has published it.
public struct PublishedPort: Sendable, Equatable {
    /// What was asked for.
    public let mapping: PortMapping
    /// Where a connection from this host reaches it.
    public let address: String
    /// The port of the host.
    public let hostPort: UInt16

    /// A port that is published there.
    public init(mapping: PortMapping, address: String, hostPort: UInt16) {
        self.mapping = mapping
        self.address = address
        self.hostPort = hostPort
    }

    /// The ports of a container that are published now, in the order of the mappings. None while
    /// it does not run.
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

    /// The port's URL, under the name by which callers reach this host.
    public func url(host: String) -> String {
        "\(mapping.transport == .udp ? "udp" : "http")://\(host):\(hostPort)"
    }

    /// Where this host reaches a port that is published on an address.
    private static func reachable(_ address: String) -> String {
        switch address {
        case "", "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: address
        }
    }
}
