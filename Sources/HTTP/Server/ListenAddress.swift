/// The address of a listening server.
public enum ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A host name or address, and a port; port 0 takes a free port.
    case tcp(host: String, port: UInt16)
    /// The path of a Unix socket.
    case unix(path: String)

    /// The reason why a text is not an address.
    public enum ParseError: Error, Hashable, Sendable, CustomStringConvertible {
        /// The text has no port.
        case missingPort(String)
        /// The port is not a number from 0 to 65535.
        case invalidPort(String)
        /// The host is empty, or is an IPv6 address without brackets.
        case invalidHost(String)
        /// `unix:` is followed by no path, or by one longer than the 107 bytes that Linux allows.
        case invalidPath(String)

        /// A sentence for a person.
        public var description: String {
            switch self {
            case .missingPort(let text):
                "\"\(text)\" has no port; an address has the form HOST:PORT or unix:PATH"
            case .invalidPort(let text):
                "\"\(text)\" is not a port; a port is a number from 0 to 65535"
            case .invalidHost(let text):
                "\"\(text)\" is not a host; an IPv6 address must stand in brackets"
            case .invalidPath(let text): "\"\(text)\" is not a path of 1 to 107 bytes"
            }
        }
    }

    /// Parses `127.0.0.1:8000`, `[::1]:0`, `localhost:80` or `unix:/run/slipway.sock`.
    public init(parsing text: String) throws(ParseError) {
        if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard 1...107 ~= path.utf8.count else { throw .invalidPath(path) }
            self = .unix(path: path)
            return
        }
        guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
            throw .missingPort(text)
        }
        var host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy(Bytes.isDigit), let port = UInt16(digits)
        else { throw .invalidPort(String(digits)) }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw .invalidHost(String(host))
        }
        guard !host.isEmpty else { throw .invalidHost(String(host)) }
        self = .tcp(host: String(host), port: port)
    }

    /// The text that `init(parsing:)` parses.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
