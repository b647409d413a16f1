/// A request and what its connection must know of it.
struct ParsedRequest: Sendable, Hashable {
    var request: Request
    /// The minor version to answer in: 0 or 1.
    var minorVersion: UInt8
    /// Whether the client lets the connection live on (RFC 9112 section 9.3).
    var keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the content.
    var awaitsContinue = false
}
