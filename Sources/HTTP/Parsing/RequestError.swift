/// Why a request is refused before anything looks at what it asks for.
public enum RequestError: Error, Hashable, Sendable {
    /// The bytes are no request, or one that could be read in two ways; what is wrong with them.
    case malformed(String)
    /// The target is longer than the limit.
    case targetTooLong
    /// The field section is larger, or has more lines, than the limits.
    case fieldsTooLarge
    /// The content is larger than the limit.
    case contentTooLarge
    /// An expectation other than `100-continue`.
    case unknownExpectation
    /// A transfer coding other than `chunked`, or a method that no server could want.
    case notImplemented(String)
    /// A major version other than 1.
    case versionNotSupported
    /// The request did not come in time.
    case timeout
    /// Requests and answers hold as much memory as they may.
    case noRoom

    /// The status that answers it (RFC 9110 section 15, RFC 6585 section 5).
    public var status: Int {
        switch self {
        case .malformed: 400
        case .timeout: 408
        case .contentTooLarge: 413
        case .targetTooLong: 414
        case .unknownExpectation: 417
        case .fieldsTooLarge: 431
        case .notImplemented: 501
        case .noRoom: 503
        case .versionNotSupported: 505
        }
    }

    /// A sentence for whoever wrote the client.
    public var detail: String {
        switch self {
        case .malformed(let reason): reason
        case .timeout: "The request did not arrive in time."
        case .noRoom: "This server has no room for the content now."
        case .contentTooLarge: "The content is larger than this server takes here."
        case .targetTooLong: "The request target is longer than this server takes."
        case .unknownExpectation: "The only expectation this server knows is 100-continue."
        case .fieldsTooLarge: "The header fields are larger, or more, than this server takes."
        case .notImplemented(let reason): reason
        case .versionNotSupported: "This server speaks HTTP/1.1 and HTTP/1.0."
        }
    }
}
