/// An open event stream.
public actor EventStream {
    private let exchange: Exchange
    private var parser = EventStreamParser()
    private var events: ArraySlice<ServerSentEvent> = []

    init(_ exchange: Exchange) {
        self.exchange = exchange
    }

    /// The next event; nil where the server has ended the stream.
    public func next() async throws(ClientError) -> ServerSentEvent? {
        while true {
            if let event = events.popFirst() { return event }
            guard let bytes = try await exchange.next() else { return nil }
            events = parser.read(bytes)[...]
        }
    }

    /// Ends the connection.
    public func close() async {
        await exchange.close()
    }
}
