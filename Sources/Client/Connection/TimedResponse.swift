/// An answer of any status, with the times at which the parts of its content arrived.
public struct TimedResponse: Sendable {
    /// The status.
    public let status: Int
    /// The value of the field `Content-Type`.
    public let contentType: String?
    /// The value of the field `Location`, the target of a redirect.
    public let location: String?
    /// The content in the pieces in which it arrived.
    public let pieces: [Piece]

    /// A part of the content.
    public struct Piece: Sendable {
        /// The time since the head of the answer.
        public let time: Duration
        /// The bytes.
        public let bytes: [UInt8]

        /// A part that arrived at that time.
        public init(time: Duration, bytes: [UInt8]) {
            self.time = time
            self.bytes = bytes
        }
    }

    /// An answer.
    public init(status: Int, contentType: String?, location: String?, pieces: [Piece]) {
        self.status = status
        self.contentType = contentType
        self.location = location
        self.pieces = pieces
    }

    /// The whole content.
    public var content: [UInt8] { pieces.flatMap(\.bytes) }

    /// The events in the content of an event stream, each with the time at which it was complete.
    public var events: [(event: ServerSentEvent, time: Duration)] {
        var parser = EventStreamParser()
        return pieces.flatMap { piece in
            parser.read(piece.bytes).map { ($0, piece.time) }
        }
    }

    /// The problem that the server reports; nil if the status is below 400.
    public var problem: Problem? {
        status < 400 ? nil : Problem(status: status, retryAfter: nil, body: content)
    }
}
