/// How much content a request may have, in bytes, and how its handler is given it.
public enum ContentLimit: Sendable, Equatable {
    /// The request is handled once all of it is there. It is never more than `ServerLimits.bodyBytes`.
    case whole(Int)
    /// The request is handled as soon as its fields are there; the handler reads the content as it comes,
    /// from `Request.content`.
    case streamed(Int)

    /// For routes that do not say otherwise.
    public static let usual = ContentLimit.whole(16_384)

    /// The most bytes.
    public var bytes: Int {
        switch self {
        case .whole(let bytes), .streamed(let bytes): bytes
        }
    }
}
