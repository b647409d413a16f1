internal import Sockets

/// An absolute URL of `http` or `https` that something is sent to (RFC 9110 section 4.2).
public struct WebURL: Sendable, Hashable {
    /// The text that it was read from.
    public let text: String
    /// Whether it is spoken to by TLS.
    public let isSecure: Bool
    /// The name or address, an address of version 6 without its brackets.
    public let host: String
    /// The port, if none is named that of the scheme.
    public let port: UInt16
    /// What the `Host` field says.
    let authority: String
    /// The path and the query.
    let target: String

    /// The text is no such URL; `reason` says why without repeating it: it may hold a secret.
    public struct ParseError: Error, Equatable {
        /// What is wrong, and what is wanted.
        public let reason: String
    }

    /// What of it may be shown: `https://hooks.example:8443`.
    public var origin: String { "\(isSecure ? "https" : "http")://\(authority)" }

    private static let longest = 2048

    /// Reads a URL. A name and password, and a fragment, have no place in it.
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
            throw ParseError(reason: "a fragment (#) has no place in it")
        }
        guard rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }),
            !rest.contains(where: { "\\\"<>^`{|}".contains($0) })
        else {
            throw ParseError(reason: "what is no visible ASCII character must be percent-encoded")
        }
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !authority.contains("@") else {
            throw ParseError(reason: "a name or password has no place in it")
        }
        let target = rest[end...]
        self.target = target.hasPrefix("/") ? String(target) : "/\(target)"
        (host, port) = try Self.split(authority, isSecure ? 443 : 80)
        self.authority = authority.lowercased()
    }

    /// A full stop at the end, which a name may have for the root of all names, does not make another
    /// of an address (WHATWG URL section 3.5) or of `localhost` (RFC 6761 section 6.3).
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
            else { throw ParseError(reason: "what its brackets hold is no IPv6 address") }
        } else {
            guard !host.contains(":") else {
                throw ParseError(reason: "an IPv6 address goes in brackets")
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
