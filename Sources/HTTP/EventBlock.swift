/// One event: `id: N`, `data: TEXT`, an empty line.
public struct EventBlock: Sendable, Hashable {
    /// The event's number, which a client gives back as `Last-Event-ID`.
    public let id: Int64
    /// One line of text.
    public let data: String

    /// An event. A line break in the data would end the field; it is sent as a blank.
    public init(id: Int64, data: String) {
        self.id = id
        self.data = data
    }
}
