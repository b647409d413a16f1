/// The newest events of a channel as the bytes that are sent, with where each ends.
///
/// Positions count from the first byte ever appended, so that they stay good when the log's
/// beginning is dropped.
struct EventLog: Sendable {
    private struct Entry {
        let id: Int64
        let end: Int
    }

    /// Every event with a greater id is in the log.
    private(set) var floor: Int64
    /// The id of the newest event.
    private(set) var lastID: Int64
    private(set) var bytes: [UInt8] = []
    /// The position of the first byte kept.
    private(set) var start = 0
    private var entries: [Entry] = []

    init(startingAfter id: Int64) {
        floor = id
        lastID = id
    }

    var end: Int { start + bytes.count }

    /// Appends encoded blocks: their ids, and where each ends within the bytes.
    mutating func append(_ encoded: [UInt8], _ blocks: [(id: Int64, end: Int)]) {
        let base = end
        bytes.append(contentsOf: encoded)
        for block in blocks {
            entries.append(Entry(id: block.id, end: base + block.end))
            lastID = block.id
        }
    }

    /// The bytes from the position on.
    func indices(from position: Int) -> Range<Int> {
        position - start..<bytes.count
    }

    /// Where the first event with a greater id begins; nil when there is none yet.
    func position(after id: Int64) -> Int? {
        let index = firstIndex { $0.id > id }
        guard index < entries.count else { return nil }
        return index == 0 ? start : entries[index - 1].end
    }

    /// The last event of which something lies before the position, and where it ends, together
    /// with those that follow under the same id.
    func event(before position: Int) -> (id: Int64, end: Int) {
        var index = firstIndex { $0.end >= position }
        guard position > start, index < entries.count else { return (floor, start) }
        while index + 1 < entries.count, entries[index + 1].id == entries[index].id { index += 1 }
        return (entries[index].id, entries[index].end)
    }

    /// The start that dropping down to so many bytes would give; events that share an id go
    /// together.
    func startWhenKeeping(_ count: Int) -> Int {
        guard bytes.count > count else { return start }
        var index = firstIndex { $0.end >= end - count }
        while index + 1 < entries.count, entries[index + 1].id == entries[index].id { index += 1 }
        return index < entries.count ? entries[index].end : start
    }

    /// Drops what lies before the position, which is an event's end.
    mutating func drop(before position: Int) {
        let count = firstIndex { $0.end > position }
        guard count > 0 else { return }
        floor = entries[count - 1].id
        bytes.removeFirst(position - start)
        entries.removeFirst(count)
        start = position
    }

    private func firstIndex(where isAtOrBehind: (Entry) -> Bool) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if isAtOrBehind(entries[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
