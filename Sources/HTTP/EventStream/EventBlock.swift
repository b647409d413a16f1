/// One event: `id: N`, `data: TEXT`, an empty line.
public struct EventBlock: Sendable, Hashable {
    /// The event's number, which a client gives back as `Last-Event-ID`.
    public let id: Int64
    /// One line of text.
    public let data: String
    /// What it is about: a watcher that is behind may be sent the newest of a key alone. With 0
    /// every watcher is sent it.
    public let key: Int64

    /// An event. A line break in the data would end the field; it is sent as a blank.
    public init(id: Int64, data: String, key: Int64 = 0) {
        self.id = id
        self.data = data
        self.key = key
    }
}

/// Stored events in the form in which they are sent, so that many can share it.
public struct EventPage: Sendable {
    /// The last event's id; nil for a page without any.
    let lastID: Int64?
    /// How many events it holds.
    let count: Int
    /// A chunk for each event.
    let bytes: [UInt8]

    /// Events with ascending ids.
    public init(_ blocks: [EventBlock]) {
        lastID = blocks.last?.id
        count = blocks.count
        var bytes: [UInt8] = []
        for block in blocks { EventFraming.append(block, to: &bytes) }
        self.bytes = bytes
    }

    /// The page with other events before its own.
    public func following(_ blocks: [EventBlock]) -> EventPage {
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
