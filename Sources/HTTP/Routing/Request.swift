/// A request as a handler receives it.
public struct Request: Sendable, Hashable {
    /// The method.
    public var method: Method
    /// The path of the target before decoding, up to the question mark; `*` if OPTIONS asks about
    /// the whole server.
    public var path: String
    /// The decoded segments of the path. The path `/` has none, and a closing slash gives an empty
    /// last one.
    public var pathSegments: [String]
    /// The items of the query in their order.
    public var query: [QueryItem]
    /// The header fields. If the target was a whole URI, `Host` is the authority of that URI (RFC
    /// 9112 section 3.2.2).
    public var headers: HeaderFields
    /// The whole content; empty if the route reads it as it comes.
    public var body: [UInt8]
    /// The content of a route that reads it as it comes; nil if there is none.
    public internal(set) var content: RequestContent?
    /// The sender of the request.
    public var peer: Peer
    /// Whether the connection may become an event stream. The last descriptors are reserved for
    /// other uses.
    public internal(set) var mayStream = true
    /// The values of the names in braces in the route's pattern; the router sets them.
    public var pathParameters: [String: String] = [:]

    /// Creates a request whose target is parsed as if it had come from a client.
    public init(
        method: Method,
        target: String,
        headers: HeaderFields = HeaderFields(),
        body: [UInt8] = [],
        peer: Peer = .unix
    ) throws(RequestError) {
        let parsed = try RequestTarget(target, method: method)
        self.method = method
        path = parsed.path
        pathSegments = parsed.segments
        query = parsed.query
        self.headers = headers
        self.body = body
        self.peer = peer
        if let authority = parsed.authority { self.headers.set("Host", authority) }
    }

    /// The first value with that name in the query.
    public func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }
}
