/// The options that say who may use the server, and how often.
public struct AccessOptions: Sendable {
    /// Host names besides the server's own that requests may be sent to, in lower case. A name with
    /// a port holds only for that port.
    public var allowedHosts: Set<String> = []
    /// Origins of other pages that may use the server; `null` stands for a page opened from a file.
    public var allowedOrigins: Set<String> = []
    /// Whether a container may use the network of the machine or of another container if tokens are
    /// required.
    public var sharesNetworks = false
    /// Whether everybody may read the metrics and the server's readiness.
    public var opensMetrics = false
    /// The number of requests a second that a client may make in the long run.
    public var requestsPerSecond = 100
    /// The number of requests that a client may make at once.
    public var requestBurst = 200
    /// The number of event streams that a tenant may have open.
    public var streamsPerTenant = 1000
    /// The address that the server listens on, as in a URL: `127.0.0.1`, `[::1]`.
    public var ownHost = "127.0.0.1"
    /// The port that the server listens on.
    public var ownPort: UInt16 = 8000

    /// Creates the default options.
    public init() {}

    /// Whether a `Host` field, in lower case, names this server.
    ///
    /// A name does not count if a page could have made it point here. An address cannot be made to
    /// point elsewhere, so if the server listens on all addresses, each address counts.
    func isOwnHost(_ host: String) -> Bool {
        let (name, port) = Self.split(host)
        if allowedHosts.contains(host) || allowedHosts.contains(name) { return true }
        guard port == nil || port == String(ownPort) else { return false }
        let isWildcard = ownHost == "0.0.0.0" || ownHost == "[::]"
        let isLoopback = ["localhost", "127.0.0.1", "[::1]"].contains(name)
        if isLoopback { return true }
        return name == ownHost || (isWildcard && Self.isAddress(name))
    }

    /// Splits a `Host` field into name and port.
    static func split(_ host: String) -> (name: String, port: String?) {
        guard let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") else { return (host, nil) }
        return (String(host[..<colon]), String(host[host.index(after: colon)...]))
    }

    private static func isAddress(_ name: String) -> Bool {
        if name.hasPrefix("[") { return name.hasSuffix("]") }
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
    }
}
