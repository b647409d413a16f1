public import Streams

/// The content of a request that is read while it comes. The client sends no faster than it is taken.
public final class RequestContent: Sendable {
    private let fill: @Sendable (ByteBlock) async throws -> Void

    /// The client has left, was too slow, or has sent what is no content; it was answered already.
    public struct BrokenOff: Error {}

    /// - Parameter fill: fills a block, as `read` does.
    init(_ fill: @escaping @Sendable (ByteBlock) async throws -> Void) {
        self.fill = fill
    }

    /// Fills the block up with the next bytes. The content is at its end if there is room left then. One
    /// call at a time.
    ///
    /// - Throws: `BrokenOff`, or `CancellationError`.
    public func read(into block: ByteBlock) async throws {
        try await fill(block)
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
