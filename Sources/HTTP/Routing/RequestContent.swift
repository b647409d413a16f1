/// The content of a request that is read while it comes. The client sends no faster than it is taken.
public final class RequestContent: Sendable {
    private let take: @Sendable () async throws -> [UInt8]?

    /// The client has left, was too slow, or has sent what is no content; it was answered already.
    public struct BrokenOff: Error {}

    /// - Parameter take: gives the next bytes, as `next` does.
    init(_ take: @escaping @Sendable () async throws -> [UInt8]?) {
        self.take = take
    }

    /// The next bytes; nil at the end. One call at a time.
    ///
    /// - Throws: `BrokenOff`, or `CancellationError`.
    public func next() async throws -> [UInt8]? {
        try await take()
    }
}

extension RequestContent: Hashable {
    /// Whether both are of one request.
    public static func == (left: RequestContent, right: RequestContent) -> Bool { left === right }

    /// By identity.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
