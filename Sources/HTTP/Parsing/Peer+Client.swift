internal import Sockets

extension Peer {
    /// The client for whom requests are counted together: an IPv4 address, or an IPv6 network of 64
    /// bits, because one client is given a whole network (RFC 6177 section 2).
    public var client: String {
        guard case .ip(let text) = self else { return "unix" }
        guard text.contains(":"), let address = IPAddress(literal: text), address.isVersion6 else {
            return text
        }
        let bytes = address.bytes
        // An IPv4 address in IPv6 form (RFC 4291 section 2.5.5.2).
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return bytes.suffix(4).map(String.init).joined(separator: ".")
        }
        let network = Array(bytes.prefix(8)) + [UInt8](repeating: 0, count: 8)
        return IPAddress(bytes: network).map { "\($0)/64" } ?? text
    }
}
