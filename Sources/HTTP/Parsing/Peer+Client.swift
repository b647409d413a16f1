internal import Sockets

extension Peer {
    /// Whose requests are counted together: an address; of version 6 a network of 64 bits, which is
    /// what one client is given (RFC 6177 section 2).
    public var client: String {
        guard case .ip(let text) = self else { return "unix" }
        guard text.contains(":"), let address = IPAddress(literal: text), address.isVersion6 else {
            return text
        }
        let bytes = address.bytes
        // An address of version 4 in the other's form (RFC 4291 section 2.5.5.2).
        if bytes.prefix(10).allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return bytes.suffix(4).map(String.init).joined(separator: ".")
        }
        let network = Array(bytes.prefix(8)) + [UInt8](repeating: 0, count: 8)
        return IPAddress(bytes: network).map { "\($0)/64" } ?? text
    }
}
