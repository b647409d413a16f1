/// One event: `id: N`, `data: TEXT`, an empty line.
public struct StreamedEvent: Sendable, Hashable {
    /// The event's number, which a client sends back as `Last-Event-ID`.
    public let id: Int64
    /// The event's data, one line of text.
    public let data: String
    /// The subject of the event. A watcher that is behind may be sent only the newest event of a
    /// key; events with key 0 are sent to every watcher.
    public let key: Int64

    /// Creates an event. A line break in the data would end the field, so it is sent as a blank.
    public init(id: Int64, data: String, key: Int64 = 0) {
        self.id = id
        self.data = data
        self.key = key
    }
}

/// Stored events in the form in which they are sent, so that many watchers can share them.
public struct EventPage: Sendable {
    /// The id of the last event; nil if the page has none.
    let lastID: Int64?
    /// The number of events.
    let count: Int
    /// The encoded events, a chunk for each.
    let bytes: [UInt8]

    /// Encodes events with ascending ids.
    public init(_ blocks: [StreamedEvent]) {
        lastID = blocks.last?.id
        count = blocks.count
        var bytes: [UInt8] = []
        for block in blocks { EventFraming.append(block, to: &bytes) }
        self.bytes = bytes
    }

    /// The page with the given events before its own.
    public func following(_ blocks: [StreamedEvent]) -> EventPage {
        guard !blocks.isEmpty else { return self }
        let before = EventPage(blocks)
        return EventPage(
            lastID: lastID ?? before.lastID,
            count: before.count + count,
            bytes: before.bytes + bytes
        )
    }

    private init(lastID: Int64?, count: Int, bytes: [UInt8]) {
        self.lastID = lastID
        self.count = count
        self.bytes = bytes
    }
}
