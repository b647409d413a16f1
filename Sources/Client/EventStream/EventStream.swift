public import Sockets

/// An open event stream.
@EventLoop
public final class EventStream {
    private let exchange: Exchange
    private var parser = EventStreamParser()

    nonisolated init(_ exchange: Exchange) {
        self.exchange = exchange
    }

    /// The events that have arrived, at least one; nil if the server has ended the stream.
    public func next() async throws(ClientError) -> [ServerSentEvent]? {
        while let bytes = try await exchange.next() {
            let events = parser.read(bytes)
            if !events.isEmpty { return events }
        }
        return nil
    }

    /// Closes the connection.
    public func close() {
        exchange.close()
    }
}
