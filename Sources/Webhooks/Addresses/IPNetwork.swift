public import Sockets

/// A network: the addresses that begin with the same bits.
public struct IPNetwork: Sendable, Hashable {
    private let bytes: [UInt8]
    private let bits: Int

    /// Parses `192.0.2.0/24`, `2001:db8::/32`, or a single address; nil for anything else.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = IPAddress(literal: String(parts[0])) else {
            return nil
        }
        bytes = address.bytes
        guard parts.count == 2 else {
            bits = bytes.count * 8
            return
        }
        guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(parts[1]),
            bits <= bytes.count * 8
        else { return nil }
        self.bits = bits
    }

    /// Whether the address belongs to the network.
    public func contains(_ address: IPAddress) -> Bool {
        guard address.bytes.count == bytes.count else { return false }
        let whole = bits / 8
        guard address.bytes[..<whole] == bytes[..<whole] else { return false }
        guard bits % 8 > 0 else { return true }
        return (address.bytes[whole] ^ bytes[whole]) >> UInt8(8 - bits % 8) == 0
    }
}
