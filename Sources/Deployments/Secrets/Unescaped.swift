/// A text whose escapes are undone, with the origin of each of its bytes.
struct Unescaped {
    /// The text.
    private(set) var bytes: [UInt8] = []
    /// For each byte, the index in the original at which its escape, or the byte itself, begins;
    /// nil for the original.
    private var starts: [Int32]?
    /// For each byte, the index at which that ends.
    private var ends: [Int32]?

    /// Creates the original itself.
    init(_ original: [UInt8]) {
        bytes = original
    }

    /// This text with escapes of one kind undone; nil if it has none.
    func undoing(_ escaping: Escaping) -> Unescaped? {
        guard bytes.contains(where: escaping.begins) else { return nil }
        var result = Unescaped([])
        var (starts, ends): ([Int32], [Int32]) = ([], [])
        result.bytes.reserveCapacity(bytes.count)
        starts.reserveCapacity(bytes.count)
        ends.reserveCapacity(bytes.count)
        var isChanged = false
        var index = 0
        while index < bytes.count {
            guard escaping.begins(bytes[index]), let piece = escaping.piece(bytes, index) else {
                let place = original(index..<index + 1)
                result.bytes.append(bytes[index])
                starts.append(Int32(clamping: place.lowerBound))
                ends.append(Int32(clamping: place.upperBound))
                index += 1
                continue
            }
            isChanged = true
            let place = original(index..<index + piece.length)
            for byte in piece.meaning {
                result.bytes.append(byte)
                starts.append(Int32(clamping: place.lowerBound))
                ends.append(Int32(clamping: place.upperBound))
            }
            index += piece.length
        }
        guard isChanged else { return nil }
        (result.starts, result.ends) = (starts, ends)
        return result
    }

    /// The place in the original of a non-empty part of this text.
    func original(_ part: Range<Int>) -> Range<Int> {
        guard let starts, let ends else { return part }
        return Int(starts[part.lowerBound])..<Int(ends[part.upperBound - 1])
    }
}
