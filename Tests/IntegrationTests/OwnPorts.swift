import Foundation
import Synchronization

/// Ports for the tests' own use, below those that the kernel gives to whoever connects, and docker to
/// what it publishes: nobody comes by one of them by chance meanwhile.
enum OwnPorts {
    private static let next = Atomic(Int(getpid()) &* 41)

    private static let range: Range<Int> = {
        let path = "/proc/sys/net/ipv4/ip_local_port_range"
        let text = try? String(contentsOfFile: path, encoding: .utf8)
        let lowest = text.flatMap { Int($0.prefix(while: \.isNumber)) } ?? 0
        return 10_000..<max(11_000, lowest)
    }()

    /// A port that nobody listens on; another at each call.
    static func free() -> Int {
        while true {
            let number = next.add(1, ordering: .relaxed).oldValue
            let port = range.lowerBound + number % range.count
            if canBind(UInt16(port)) { return port }
        }
    }

    private static func canBind(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        return unsafe withUnsafeBytes(of: &address) { bytes in
            guard let start = bytes.baseAddress else { return false }
            let pointer = unsafe start.assumingMemoryBound(to: sockaddr.self)
            return unsafe bind(descriptor, pointer, socklen_t(bytes.count)) == 0
        }
    }
}
