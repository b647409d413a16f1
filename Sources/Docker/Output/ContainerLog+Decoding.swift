public import Engine

// `docker logs --timestamps` puts the time before each line. The engine takes long lines in pieces, and
// each of these has its own time.
extension ContainerLog {
    /// The last lines of one stream, the oldest first.
    public static func lines(of output: [UInt8], last count: Int) -> [Line] {
        let lines = output.split(separator: 0x0A, omittingEmptySubsequences: false)
        // Nothing after the last line feed is not a line.
        let whole = lines.last?.isEmpty == true ? lines.dropLast() : lines[...]
        var time = ""
        return whole.suffix(count).map { line in
            if let stamp = stamp(line) { time = stamp }
            return Line(time: time, text: String(decoding: withoutStamps(line), as: UTF8.self))
        }
    }

    /// The bytes of a piece.
    private static let piece = 16_384
    /// The length of `2026-11-21T10:30:00.123456789Z` and a blank.
    private static let stampLength = 31

    private static func stamp(_ bytes: ArraySlice<UInt8>) -> String? {
        let stamp = bytes.prefix(stampLength)
        guard stamp.count == stampLength, stamp.last == 0x20 else { return nil }
        let pattern = "0000-00-00T00:00:00.000000000Z "
        let fits = zip(stamp, pattern.utf8).allSatisfy { byte, sign in
            sign == UInt8(ascii: "0") ? (0x30...0x39).contains(byte) : byte == sign
        }
        return fits ? String(decoding: stamp.dropLast(), as: UTF8.self) : nil
    }

    private static func withoutStamps(_ line: ArraySlice<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        var rest = line
        while stamp(rest) != nil {
            rest = rest.dropFirst(stampLength)
            text += rest.prefix(piece)
            rest = rest.dropFirst(piece)
        }
        return text + rest
    }
}
