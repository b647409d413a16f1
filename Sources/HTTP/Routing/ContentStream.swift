internal import Sockets

/// Content that is made while it is sent, no faster than the client takes it.
public struct ContentStream: Sendable {
    /// Writes the content, and returns when it is whole.
    ///
    /// Runs on Swift's own pool, in a task that is cancelled when the client leaves or the server
    /// stops.
    public typealias Produce = @Sendable (_ writer: ContentWriter) async -> Void

    let heartbeat: [UInt8]
    let produce: Produce

    /// Content that `produce` writes.
    ///
    /// - Parameter heartbeat: sent after each silence of `ServerLimits.heartbeat`; none if empty.
    public init(heartbeat: [UInt8] = [], produce: @escaping Produce) {
        self.heartbeat = heartbeat
        self.produce = produce
    }
}

/// Where a `ContentStream` is written to. One call at a time.
public struct ContentWriter: Sendable {
    let connection: Connection

    /// Sends bytes; returns once the kernel has them all. False if nobody reads any more.
    public func write(_ bytes: [UInt8]) async -> Bool {
        await connection.write(bytes)
    }
}
