/// The greatest size of a request's content in bytes, and how its handler receives it.
public enum ContentLimit: Sendable, Equatable {
    /// The request is handled once its whole content has come. The limit is never more than
    /// `ServerLimits.bodyBytes`.
    case whole(Int)
    /// The request is handled as soon as its fields have come; the handler reads the content as it
    /// comes, from `Request.content`.
    case streamed(Int)

    /// The limit of routes that set none.
    public static let usual = ContentLimit.whole(16_384)

    /// The greatest number of bytes.
    public var bytes: Int {
        switch self {
        case .whole(let bytes), .streamed(let bytes): bytes
        }
    }
}
