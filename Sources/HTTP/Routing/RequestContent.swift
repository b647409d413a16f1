public import Streams

/// The content of a request that is read while it comes. The client can send it only as fast as it
/// is read.
public final class RequestContent: Sendable {
    private let fill: @Sendable (ByteBlock) async throws -> Void

    /// The client has left, was too slow, or has sent invalid content. It has already been
    /// answered.
    public struct BrokenOff: Error {}

    /// - Parameter fill: fills a block in the way `read` does.
    init(_ fill: @escaping @Sendable (ByteBlock) async throws -> Void) {
        self.fill = fill
    }

    /// Fills the block with the next bytes. If room is left afterwards, the content has ended. Only
    /// one call may be under way at a time.
    ///
    /// - Throws: `BrokenOff`, or `CancellationError`.
    public func read(into block: ByteBlock) async throws {
        try await fill(block)
    }
}

extension RequestContent: Hashable {
    /// Whether both are the content of the same request.
    public static func == (left: RequestContent, right: RequestContent) -> Bool { left === right }

    /// Hashes the identity.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(ObjectIdentifier(self))
    }
}
