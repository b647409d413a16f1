/// The address at which a server is reached.
public struct ServerAddress: Sendable, Hashable, CustomStringConvertible {
    /// How the server is connected to.
    enum Route: Sendable, Hashable {
        case tcp(host: String, port: UInt16)
        case unix(path: String)
        /// TLS to the URL's origin, spoken by the curl program.
        case tls(origin: String)
    }

    let route: Route
    /// The value of the `Host` field.
    let authority: String
    /// The beginning of every path, without a slash at its end. It is usually empty.
    let basePath: String
    /// The text from which `init(parsing:)` has read it.
    public let description: String

    /// Whether the server is on this machine, judged by its address.
    public var isLocal: Bool {
        switch route {
        case .unix: true
        case .tcp, .tls:
            authority.hasPrefix("127.") || authority.hasPrefix("[::1]")
                || authority.split(separator: ":").first?.lowercased() == "localhost"
        }
    }

    /// The text is not the address of a server; `reason` says why, for people.
    public struct ParseError: Error, Equatable {
        /// What is wrong, and what is expected.
        public let reason: String
    }

    init(route: Route, authority: String, description: String) {
        self.route = route
        self.authority = authority
        basePath = ""
        self.description = description
    }

    /// Reads `http://127.0.0.1:8000`, `https://slipway.example/base` or `unix:/run/slipway.sock`.
    public init(parsing text: String) throws(ParseError) {
        description = text
        if text.hasPrefix("unix:") {
            var path = String(text.dropFirst(5))
            if path.hasPrefix("//") { path.removeFirst(2) }
            guard 1...107 ~= path.utf8.count else {
                throw ParseError(reason: "\(text): a path of 1 to 107 bytes must follow unix:")
            }
            route = .unix(path: path)
            authority = "localhost"
            basePath = ""
            return
        }
        let scheme: String
        if text.hasPrefix("http://") {
            scheme = "http"
        } else if text.hasPrefix("https://") {
            scheme = "https"
        } else {
            throw ParseError(
                reason: "\(text): it must begin with http://, https:// or unix:"
                    + (text.contains("://") ? "" : ", as http://\(text)")
            )
        }
        guard text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !text.contains(where: { "?#\\\"<>^`{|}".contains($0) })
        else {
            throw ParseError(
                reason: "\(text): it must be ASCII, without blanks, query and fragment"
            )
        }
        let rest = text.dropFirst(scheme.utf8.count + 3)
        let slash = rest.firstIndex(of: "/") ?? rest.endIndex
        let authority = String(rest[..<slash])
        var base = rest[slash...]
        while base.hasSuffix("/") { base.removeLast() }
        guard !authority.contains("@") else {
            throw ParseError(reason: "must not have a name or password; use --token")
        }
        let (host, port) = try Self.split(authority, in: text)
        self.authority = authority
        basePath = String(base)
        route =
            scheme == "http"
            ? .tcp(host: host, port: port ?? 80) : .tls(origin: "https://\(authority)")
    }

    /// Splits `host`, `host:port`, `[address]` or `[address]:port`.
    private static func split(
        _ authority: String,
        in text: String
    ) throws(ParseError) -> (host: String, port: UInt16?) {
        var host = authority[...]
        var port: UInt16?
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt16(digits), number > 0
            else {
                throw ParseError(reason: "\(text): \"\(digits)\" is not a port from 1 to 65535")
            }
            port = number
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw ParseError(reason: "\(text): an IPv6 address must be in brackets")
        }
        guard !host.isEmpty else { throw ParseError(reason: "\(text): it names no host") }
        return (String(host), port)
    }
}
