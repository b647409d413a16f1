public import Streams
import Synchronization

/// Bytes that are there already, as a command's input.
public final class GivenInput: ByteSource {
    private let left: Mutex<[UInt8]?>
    private let staysOpen: Bool

    /// - Parameter staysOpen: whether the input ends only when the command does.
    public init(_ bytes: [UInt8], staysOpen: Bool = false) {
        left = Mutex(bytes)
        self.staysOpen = staysOpen
    }

    /// All of them at once, then the end.
    public func next() async throws -> [UInt8]? {
        let bytes: [UInt8]? = left.withLock { left in
            defer { left = nil }
            return left
        }
        if bytes == nil, staysOpen {
            // Nothing ever comes: this returns when the task is cancelled.
            let (nothing, end) = AsyncStream.makeStream(of: Never.self)
            for await _ in nothing {}
            end.finish()
        }
        return bytes
    }
}
