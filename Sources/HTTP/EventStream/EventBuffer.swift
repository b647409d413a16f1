/// The newest events of a channel, encoded, with the position of each one's end.
///
/// Positions count from the first byte ever appended, so that they stay valid when the beginning of
/// the log is dropped.
struct EventBuffer: Sendable {
    /// An encoded event: its id, its end within the bytes it came with, and its key.
    typealias Appended = (id: Int64, end: Int, key: Int64)

    private struct Entry {
        let id: Int64
        let end: Int
        let key: Int64
        /// Whether the log has a newer event of the same key.
        var isSuperseded = false
    }

    /// The log holds every event with a greater id.
    private(set) var floor: Int64
    /// The id of the newest event.
    private(set) var lastID: Int64
    private(set) var bytes: [UInt8] = []
    /// The position of the first byte that is kept.
    private(set) var start = 0
    private var entries: [Entry] = []
    /// The number of entries that have been dropped.
    private var dropped = 0
    /// The newest entry of each key, counted from the first entry ever appended.
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

    /// The bytes from the position on that a lagging watcher must still be sent, up to the next
    /// event that a newer one supersedes. Superseded events before them are skipped.
    func neededIndices(from position: Int) -> Range<Int> {
        var index = firstIndex { $0.end > position }
        var from = position
        // An event of which a part has been sent must be completed.
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

    /// The beginning of the first event with a greater id; nil if there is none yet.
    func position(after id: Int64) -> Int? {
        let index = firstIndex { $0.id > id }
        guard index < entries.count else { return nil }
        return index == 0 ? start : entries[index - 1].end
    }

    /// The number of events that end after `from` and not after `to`. Neither position may be
    /// before what is kept.
    func count(from: Int, to: Int) -> Int {
        firstIndex { $0.end > to } - firstIndex { $0.end > from }
    }

    /// The last event that begins before the position, and its end. Events that follow with the
    /// same id count as one with it.
    func event(before position: Int) -> (id: Int64, end: Int) {
        var index = firstIndex { $0.end >= position }
        guard position > start, index < entries.count else { return (floor, start) }
        while index + 1 < entries.count, entries[index + 1].id == entries[index].id { index += 1 }
        return (entries[index].id, entries[index].end)
    }

    /// The position at which the log would begin if it were shortened to `count` bytes. Events with
    /// the same id are kept or dropped together.
    func startWhenKeeping(_ count: Int) -> Int {
        guard bytes.count > count else { return start }
        var index = firstIndex { $0.end >= end - count }
        while index + 1 < entries.count, entries[index + 1].id == entries[index].id { index += 1 }
        return index < entries.count ? entries[index].end : start
    }

    /// Drops everything before the position, which must be the end of an event.
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
