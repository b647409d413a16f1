/// The reason why a request is refused before its resource is considered.
public enum RequestError: Error, Hashable, Sendable {
    /// The bytes are not a request, or could be read in two ways. The text says what is wrong with
    /// them.
    case malformed(String)
    /// The target exceeds the limit.
    case targetTooLong
    /// The field section exceeds the limit of its size or of its lines.
    case fieldsTooLarge
    /// The content exceeds the limit.
    case contentTooLarge
    /// The expectation is not `100-continue`.
    case unknownExpectation
    /// The transfer coding is not `chunked`, or the method is one that this server cannot offer.
    case notImplemented(String)
    /// The major version is not 1.
    case versionNotSupported
    /// The request did not come in time.
    case timeout
    /// All requests and answers together hold as much memory as they may.
    case noRoom

    /// The status of the answer (RFC 9110 section 15, RFC 6585 section 5).
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

    /// A sentence for the author of the client.
    public var detail: String {
        switch self {
        case .malformed(let reason): reason
        case .timeout: "The request did not arrive in time."
        case .noRoom: "This server has no memory left for the content. Try again later."
        case .contentTooLarge: "The content is larger than this server takes here."
        case .targetTooLong: "The request target is longer than this server takes."
        case .unknownExpectation: "The only expectation this server knows is 100-continue."
        case .fieldsTooLarge:
            "The header fields are larger or more numerous than this server takes."
        case .notImplemented(let reason): reason
        case .versionNotSupported: "This server speaks HTTP/1.1 and HTTP/1.0."
        }
    }
}
