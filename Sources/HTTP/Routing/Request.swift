/// A whole request.
public struct Request: Sendable, Hashable {
    /// The method.
    public var method: Method
    /// The raw path of the target, up to the question mark; `*` where OPTIONS asks of the server.
    public var path: String
    /// The path's segments, decoded; none for `/`, and a last empty one after a closing slash.
    public var pathSegments: [String]
    /// The query's items in their order.
    public var query: [QueryItem]
    /// The header fields. Where the target was a whole URI, `Host` is that URI's authority
    /// (RFC 9112 section 3.2.2).
    public var headers: HeaderFields
    /// The whole content; empty where the route has it handed over as it comes.
    public var body: [UInt8]
    /// The content of a route that reads it as it comes; nil where there is none.
    public internal(set) var content: RequestContent?
    /// Who asks.
    public var peer: Peer
    /// Whether its connection may become an event stream: the last descriptors are for others.
    public internal(set) var mayStream = true
    /// The values of the pattern's `{names}`; set by the router.
    public var pathParameters: [String: String] = [:]

    /// A request for the target, which is read as if it had come over the wire.
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

    /// The first value of that name in the query.
    public func queryValue(_ name: String) -> String? {
        query.first { $0.name == name }?.value
    }
}
