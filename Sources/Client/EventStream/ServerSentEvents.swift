/// One event of an event stream.
public struct ServerSentEvent: Sendable, Equatable {
    /// The last `id:` in the stream up to this event; empty if there was none.
    public var id = ""
    /// The values of the `data:` lines, joined with line feeds.
    public var data = ""
}

/// Reads an event stream (WHATWG HTML section 9.2.6) from bytes in pieces of any size.
struct EventStreamParser: Sendable {
    private var line: [UInt8] = []
    private var id = ""
    private var data: [String] = []
    private var dataBytes = 0
    private var afterReturn = false
    private var isFirstLine = true

    /// The maximum number of bytes of an event's data, more than any event has. The rest is cut off.
    private static let longest = 16 << 20

    /// Returns the events that these bytes complete.
    mutating func read(_ bytes: some Sequence<UInt8>) -> [ServerSentEvent] {
        var events: [ServerSentEvent] = []
        for byte in bytes {
            switch byte {
            case 0x0A where afterReturn: afterReturn = false
            case 0x0A, 0x0D:
                afterReturn = byte == 0x0D
                if let event = endLine() { events.append(event) }
            default:
                afterReturn = false
                if line.count < Self.longest { line.append(byte) }
            }
        }
        return events
    }

    private mutating func endLine() -> ServerSentEvent? {
        defer { line.removeAll(keepingCapacity: true) }
        var content = line[...]
        if isFirstLine, content.starts(with: [0xEF, 0xBB, 0xBF]) { content.removeFirst(3) }
        isFirstLine = false
        guard !content.isEmpty else {
            defer {
                data.removeAll()
                dataBytes = 0
            }
            return data.isEmpty
                ? nil : ServerSentEvent(id: id, data: data.joined(separator: "\n"))
        }
        let colon = content.firstIndex(of: UInt8(ascii: ":")) ?? content.endIndex
        var value = content[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value.removeFirst() }
        switch String(decoding: content[..<colon], as: UTF8.self) {
        case "data":
            // An empty line takes room, too.
            dataBytes += value.count + 1
            if dataBytes < Self.longest { data.append(String(decoding: value, as: UTF8.self)) }
        case "id" where !value.contains(0): id = String(decoding: value, as: UTF8.self)
        default: break  // Comments, `retry`, and unknown fields are ignored.
        }
        return nil
    }
}
