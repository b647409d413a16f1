/// A request together with the facts that its connection needs.
struct ParsedRequest: Sendable, Hashable {
    var request: Request
    /// The minor version of the answer: 0 or 1.
    var minorVersion: UInt8
    /// Whether the client lets the connection be kept (RFC 9112 section 9.3).
    var keepsAlive: Bool
    /// Whether the client waits for `100 Continue` before it sends the content.
    var awaitsContinue = false
}
