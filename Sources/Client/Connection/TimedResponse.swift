/// An answer, whatever its status, with the moments at which its content came.
public struct TimedResponse: Sendable {
    /// The status.
    public let status: Int
    /// What the answer calls its content.
    public let contentType: String?
    /// Where the answer leads on to.
    public let location: String?
    /// The content in the pieces in which it came.
    public let pieces: [Piece]

    /// A part of the content.
    public struct Piece: Sendable {
        /// Since the head of the answer.
        public let time: Duration
        /// The bytes.
        public let bytes: [UInt8]

        /// A part that came at that time.
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

    /// The events of a content that is an event stream, each with the moment at which it was
    /// complete.
    public var events: [(event: ServerSentEvent, time: Duration)] {
        var parser = EventStreamParser()
        return pieces.flatMap { piece in
            parser.read(piece.bytes).map { ($0, piece.time) }
        }
    }

    /// The refusal that it is; nil for any status below 400.
    public var problem: Problem? {
        status < 400 ? nil : Problem(status: status, retryAfter: nil, body: content)
    }
}
