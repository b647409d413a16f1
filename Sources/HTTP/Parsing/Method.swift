/// A request method: any token; its case matters (RFC 9110 section 9.1).
public struct Method: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The token.
    public let rawValue: String

    /// Creates the method with that token, which is not checked.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The token.
    public var description: String { rawValue }

    /// GET.
    public static let get = Method(rawValue: "GET")
    /// HEAD.
    public static let head = Method(rawValue: "HEAD")
    /// POST.
    public static let post = Method(rawValue: "POST")
    /// PUT.
    public static let put = Method(rawValue: "PUT")
    /// DELETE.
    public static let delete = Method(rawValue: "DELETE")
    /// OPTIONS.
    public static let options = Method(rawValue: "OPTIONS")
    /// PATCH.
    public static let patch = Method(rawValue: "PATCH")

    /// Whether servers know the method. If the resource does not allow it, a known method is
    /// answered 405, any other 501 (RFC 9110 section 9.1).
    public var isKnown: Bool { Self.known.contains(rawValue) }

    /// The methods of IANA's registry, and a few that were never registered.
    private static let known: Set<String> = [
        "ACL", "BASELINE-CONTROL", "BIND", "CHECKIN", "CHECKOUT", "COPY", "DELETE", "GET", "HEAD",
        "LABEL", "LINK", "LOCK", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL", "MKREDIRECTREF",
        "MKWORKSPACE", "MOVE", "M-SEARCH", "NOTIFY", "OPTIONS", "ORDERPATCH", "PATCH", "POST",
        "PROPFIND", "PROPPATCH", "PURGE", "PUT", "QUERY", "REBIND", "REPORT", "SEARCH", "SOURCE",
        "SUBSCRIBE", "TRACE", "UNBIND", "UNCHECKOUT", "UNLINK", "UNLOCK", "UNSUBSCRIBE", "UPDATE",
        "UPDATEREDIRECTREF", "VERSION-CONTROL",
    ]
}
