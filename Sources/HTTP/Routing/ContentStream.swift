internal import Sockets

/// Content that is made while it is sent, as fast as the client takes it.
public struct ContentStream: Sendable {
    /// Writes the content and returns when it is whole.
    ///
    /// It runs on Swift's own pool, in a task that is cancelled if the client leaves or the server
    /// stops.
    public typealias Produce = @Sendable (_ writer: ContentWriter) async -> Void

    let heartbeat: [UInt8]
    let produce: Produce

    /// Creates a content that `produce` writes.
    ///
    /// - Parameter heartbeat: bytes that are sent after each silence of `ServerLimits.heartbeat`;
    ///   nothing is sent if it is empty.
    public init(heartbeat: [UInt8] = [], produce: @escaping Produce) {
        self.heartbeat = heartbeat
        self.produce = produce
    }
}

/// Writes to a `ContentStream`. Only one call may be under way at a time.
public struct ContentWriter: Sendable {
    let connection: Connection

    /// Sends bytes and returns once the kernel has them all. Returns false if the client has left
    /// or the content is to end.
    public func write(_ bytes: [UInt8]) async -> Bool {
        await connection.write(bytes)
    }
}
