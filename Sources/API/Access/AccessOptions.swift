/// Who may talk to the server, and how often.
public struct AccessOptions: Sendable {
    /// Names besides the server's own that requests may be addressed to, lower case; with a port
    /// for that port alone.
    public var allowedHosts: Set<String> = []
    /// Origins of other pages that may use the server; `null` for a page opened from a file.
    public var allowedOrigins: Set<String> = []
    /// Whether a container may use the machine's network, or another container's, where tokens are
    /// asked for.
    public var sharesNetworks = false
    /// Whether everybody may ask for the metrics and whether the server is ready.
    public var opensMetrics = false
    /// Requests a client may make a second in the long run.
    public var requestsPerSecond = 100
    /// Requests a client may make at once.
    public var requestBurst = 200
    /// Event streams that a tenant may have open.
    public var streamsPerTenant = 1000
    /// The address the server listens on, as in a URL: `127.0.0.1`, `[::1]`.
    public var ownHost = "127.0.0.1"
    /// The port the server listens on.
    public var ownPort: UInt16 = 8000

    /// The defaults.
    public init() {}

    /// Whether a `Host` field (lower case) names this server.
    ///
    /// A name that a page could have pointed here itself is not ours. An address cannot be pointed
    /// anywhere, so where the server listens on all addresses each of them is.
    func isOwnHost(_ host: String) -> Bool {
        let (name, port) = Self.split(host)
        if allowedHosts.contains(host) || allowedHosts.contains(name) { return true }
        guard port == nil || port == String(ownPort) else { return false }
        let isWildcard = ownHost == "0.0.0.0" || ownHost == "[::]"
        let isLoopback = ["localhost", "127.0.0.1", "[::1]"].contains(name)
        if isLoopback { return true }
        return name == ownHost || (isWildcard && Self.isAddress(name))
    }

    /// The name and the port of a `Host` field.
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
