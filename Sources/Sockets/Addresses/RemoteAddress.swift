internal import CLinux
internal import Glibc

/// The address at the other end of a TCP connection.
public struct RemoteAddress: Hashable, Sendable {
    /// The address without a port: `192.0.2.1`, `2001:db8::1`.
    public let text: String
    /// Whether the address is a loopback address of this machine.
    public let isLoopback: Bool
    /// The network of the client: a whole IPv4 address, or the first 64 bits of an IPv6 address,
    /// because a single customer is given all addresses that begin with them (RFC 6177). Never 0.
    public let network: UInt64

    /// Reads the address that the kernel has written; nil for another address family.
    init?(_ storage: sockaddr_in6) {
        var storage = storage
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let length = socklen_t(text.count)
        let code: UnsafePointer<CChar>?
        switch Int32(storage.sin6_family) {
        case AF_INET:
            // An IPv4 address stands where an IPv6 address has its flow information.
            unsafe code = inet_ntop(AF_INET, &storage.sin6_flowinfo, &text, length)
            let number = UInt32(bigEndian: storage.sin6_flowinfo)
            isLoopback = number >> 24 == 127
            // No IPv6 address in use begins with these bits.
            network = 0xFFFF_0000_0000 | UInt64(number)
        case AF_INET6:
            unsafe code = inet_ntop(AF_INET6, &storage.sin6_addr, &text, length)
            let bytes = unsafe withUnsafeBytes(of: &storage.sin6_addr) { unsafe Array($0) }
            isLoopback = bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 }
            network = max(1, bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        default:
            return nil
        }
        guard unsafe code != nil else { return nil }
        self.text = String(
            decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
    }
}
