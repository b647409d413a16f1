public import Sockets

/// Decides which addresses a webhook may connect to.
///
/// Whoever can name a URL, or controls the DNS of its host, must not reach through this server what
/// answers only to neighbours on its own link. Above all these are the metadata services of clouds,
/// which give out credentials. Loopback and private addresses are allowed.
public struct AddressRules: Sendable {
    private let allowed: [IPNetwork]

    /// Creates the rules with exceptions.
    public init(allowing allowed: [IPNetwork] = []) {
        self.allowed = allowed
    }

    /// The reason why the address must not be connected to; nil if it may.
    public func refusal(of address: IPAddress) -> String? {
        for meant in [address] + Self.embedded(in: address) {
            guard let kind = Self.refused.first(where: { $0.network.contains(meant) })?.kind,
                !allowed.contains(where: { $0.contains(meant) || $0.contains(address) })
            else { continue }
            let leads = meant == address ? "" : ", which leads to \(meant),"
            return """
                \(address)\(leads) is \(kind) and must not be connected to; \
                --webhook-allow-address \(meant) would allow it
                """
        }
        return nil
    }

    private static let refused: [(network: IPNetwork, kind: String)] = [
        // RFC 3927, RFC 4291 section 2.5.6: valid on one link only; 169.254.169.254 is the metadata
        // service of most clouds.
        ("169.254.0.0/16", "a link-local address"),
        ("fe80::/10", "a link-local address"),
        // The services of Amazon, Google, Oracle (two), Scaleway, Alibaba and Azure.
        ("fd00:ec2::/32", "a cloud's own address"),
        ("fd20:ce::254", "a cloud's own address"),
        ("fd00:c1::a9fe:a9fe", "a cloud's own address"),
        ("192.0.0.192", "a cloud's own address"),
        ("fd00:42::42", "a cloud's own address"),
        ("100.100.100.200", "a cloud's own address"),
        ("168.63.129.16", "a cloud's own address"),
        // RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.2.
        ("0.0.0.0/8", "not the address of a host"),
        ("::", "not the address of a host"),
        // RFC 5771, RFC 4291 section 2.7, RFC 1112 section 4.
        ("224.0.0.0/4", "a multicast address"),
        ("ff00::/8", "a multicast address"),
        ("240.0.0.0/4", "a reserved address"),
    ].compactMap { text, kind in IPNetwork(text).map { (network: $0, kind: kind) } }

    /// The IPv4 addresses that an IPv6 address leads to.
    private static func embedded(in address: IPAddress) -> [IPAddress] {
        let bytes = address.bytes
        guard address.isVersion6 else { return [] }
        func part(_ start: Int, inverted: Bool = false) -> [IPAddress] {
            let part = bytes[start..<start + 4].map { inverted ? ~$0 : $0 }
            return IPAddress(bytes: part).map { [$0] } ?? []
        }
        // RFC 4291 section 2.5.5: mapped addresses, and compatible addresses other than `::` and
        // `::1`.
        let isCompatible = bytes[..<12].allSatisfy { $0 == 0 }
        if isCompatible { return bytes[12..<15].allSatisfy { $0 == 0 } ? [] : part(12) }
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return part(12)
        }
        // RFC 6052 section 2.1 and RFC 8215: addresses that a gateway translates.
        if bytes.starts(with: [0x00, 0x64, 0xFF, 0x9B]) { return part(12) }
        // RFC 3056 section 2 and RFC 4380 section 4: addresses of tunnels.
        if bytes.starts(with: [0x20, 0x02]) { return part(2) }
        if bytes.starts(with: [0x20, 0x01, 0x00, 0x00]) {
            return part(4) + part(12, inverted: true)
        }
        return []
    }
}
