public import Streams
import Synchronization

/// A command's input made of bytes that are all known at the start.
public final class GivenInput: ByteSource {
    private let left: Mutex<[UInt8]?>
    private let staysOpen: Bool

    /// - Parameter staysOpen: whether the input ends only when the command does.
    public init(_ bytes: [UInt8], staysOpen: Bool = false) {
        left = Mutex(bytes)
        self.staysOpen = staysOpen
    }

    /// Returns all bytes at the first call, then nil.
    public func next() async throws -> [UInt8]? {
        let bytes: [UInt8]? = left.withLock { left in
            defer { left = nil }
            return left
        }
        if bytes == nil, staysOpen {
            // No more bytes ever come; this returns when the task is cancelled.
            let (nothing, end) = AsyncStream.makeStream(of: Never.self)
            for await _ in nothing {}
            end.finish()
        }
        return bytes
    }
}
