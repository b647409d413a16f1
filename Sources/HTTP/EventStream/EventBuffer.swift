/// The newest events of a channel as the bytes that are sent, with where each ends.
///
/// Positions count from the first byte ever appended, so that they stay good when the log's
/// beginning is dropped.
struct EventBuffer: Sendable {
    /// An encoded event: its id, where it ends within the bytes it came with, and its key.
    typealias Appended = (id: Int64, end: Int, key: Int64)

    private struct Entry {
        let id: Int64
        let end: Int
        let key: Int64
        /// Whether a newer event of the key is in the log.
        var isSuperseded = false
    }

    /// Every event with a greater id is in the log.
    private(set) var floor: Int64
    /// The id of the newest event.
    private(set) var lastID: Int64
    private(set) var bytes: [UInt8] = []
    /// The position of the first byte kept.
    private(set) var start = 0
    private var entries: [Entry] = []
    /// How many entries have been dropped.
    private var dropped = 0
    /// The newest entry of each key, counted from the first ever appended.
    private var newest: [Int64: Int] = [:]

    init(startingAfter id: Int64) {
        floor = id
        lastID = id
    }

    var end: Int { start + bytes.count }

    /// Appends encoded blocks.
    mutating func append(_ encoded: [UInt8], _ blocks: [Appended]) {
        let base = end
        bytes.append(contentsOf: encoded)
        for block in blocks {
            if block.key != 0 {
                let index = dropped + entries.count
                if let older = newest.updateValue(index, forKey: block.key), older >= dropped {
                    entries[older - dropped].isSuperseded = true
                }
            }
            entries.append(Entry(id: block.id, end: base + block.end, key: block.key))
            lastID = block.id
        }
    }

    /// The bytes from the position on.
    func indices(from position: Int) -> Range<Int> {
        position - start..<bytes.count
    }

    /// The bytes from the position on that a watcher which is behind must still be sent: up to the
    /// next event that a newer one has made worthless; what comes before that is passed over.
    func neededIndices(from position: Int) -> Range<Int> {
        var index = firstIndex { $0.end > position }
        var from = position
        // What has been begun must be ended.
        if index < entries.count, position == (index == 0 ? start : entries[index - 1].end) {
            while index < entries.count, entries[index].isSuperseded {
                from = entries[index].end
                index += 1
            }
        }
        var to = from
        while index < entries.count, !entries[index].isSuperseded || to == position {
            to = entries[index].end
            index += 1
        }
        return from - start..<to - start
    }

    /// Where the first event with a greater id begins; nil when there is none yet.
    func position(after id: Int64) -> Int? {
        let index = firstIndex { $0.id > id }
        guard index < entries.count else { return nil }
        return index == 0 ? start : entries[index - 1].end
    }

    /// How many events end behind the one position and not behind the other; neither lies before
    /// what is kept.
    func count(from: Int, to: Int) -> Int {
        firstIndex { $0.end > to } - firstIndex { $0.end > from }
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
        for entry in entries.prefix(count) where entry.key != 0 && !entry.isSuperseded {
            newest[entry.key] = nil
        }
        entries.removeFirst(count)
        dropped += count
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
