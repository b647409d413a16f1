internal import Sockets

/// An absolute `http` or `https` URL to which requests are sent (RFC 9110 section 4.2).
public struct WebURL: Sendable, Hashable {
    /// The text from which it was read.
    public let text: String
    /// Whether it is reached with TLS.
    public let isSecure: Bool
    /// The host's name or address; an IPv6 address is without its brackets.
    public let host: String
    /// The port; that of the scheme if the URL has none.
    public let port: UInt16
    /// The value of the `Host` field.
    let authority: String
    /// The path and the query.
    let target: String

    /// The text is not such a URL. `reason` does not repeat the text, because it may contain a secret.
    public struct ParseError: Error, Equatable {
        /// What is wrong, and what is expected.
        public let reason: String
    }

    /// The part that may be shown: `https://hooks.example:8443`.
    public var origin: String { "\(isSecure ? "https" : "http")://\(authority)" }

    private static let longest = 2048

    /// Reads a URL. It must not contain a name, a password or a fragment.
    public init(parsing text: String) throws(ParseError) {
        self.text = text
        guard let scheme = text.firstRange(of: "://"),
            let isSecure = ["https": true, "http": false][
                text[..<scheme.lowerBound].lowercased()
            ]
        else { throw ParseError(reason: "it must begin with https:// or http://") }
        self.isSecure = isSecure
        guard text.utf8.count <= Self.longest else {
            throw ParseError(reason: "it is longer than \(Self.longest) bytes")
        }
        let rest = text[scheme.upperBound...]
        guard !rest.contains("#") else {
            throw ParseError(reason: "it must not have a fragment (#)")
        }
        guard rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !rest.contains(where: { "\\\"<>^`{|}".contains($0) })
        else {
            throw ParseError(reason: "all but visible ASCII characters must be percent-encoded")
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else {
            throw ParseError(reason: "it must not have a name or password")
        }
        let target = rest[end...]
        self.target = target.hasPrefix("/") ? String(target) : "/\(target)"
        (host, port) = try Self.split(authority, isSecure ? 443 : 80)
        self.authority = authority.lowercased()
    }

    /// The host without a full stop at its end, which stands for the root of all names. It does not change
    /// what an address (WHATWG URL section 3.5) or `localhost` (RFC 6761 section 6.3) means.
    private static func withoutRoot(_ host: String) -> String {
        guard host.hasSuffix(".") else { return host }
        let bare = String(host.dropLast())
        return bare == "localhost" || IPAddress(literal: bare) != nil ? bare : host
    }

    private static func split(
        _ authority: Substring,
        _ usual: UInt16
    ) throws(ParseError) -> (String, UInt16) {
        var host = authority
        var port = usual
        if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
            let digits = authority[authority.index(after: colon)...]
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt16(digits), number > 0
            else { throw ParseError(reason: "its port must be a number from 1 to 65535") }
            port = number
            host = authority[..<colon]
        }
        guard !host.isEmpty else { throw ParseError(reason: "it names no host") }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":"), host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }),
                IPAddress(literal: String(host)) != nil
            else { throw ParseError(reason: "its brackets do not contain an IPv6 address") }
        } else {
            guard !host.contains(":") else {
                throw ParseError(reason: "an IPv6 address must be in brackets")
            }
            guard host.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) }),
                !host.hasPrefix("."), !host.contains("..")
            else {
                throw ParseError(reason: "its host is neither a name nor an address")
            }
        }
        return (Self.withoutRoot(host.lowercased()), port)
    }
}
