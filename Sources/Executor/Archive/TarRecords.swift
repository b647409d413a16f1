import Numbers

/// What extended headers say about an entry (POSIX.1-2001, `pax` interchange format).
struct TarRecords: Sendable {
    var name: [UInt8]?
    var target: [UInt8]?
    var size: Int64?
    var modified: Int64?
    var isSparse = false

    /// Reads `LENGTH KEY=VALUE\n` records.
    mutating func read(_ bytes: [UInt8]) throws(TarReader.Refused) {
        var rest = bytes[...]
        while let first = rest.first, first != 0 {
            let damaged = TarReader.Refused(reason: "has a header that cannot be read")
            guard let blank = rest.prefix(21).firstIndex(of: 0x20),
                let length = Int(String(decoding: rest[..<blank], as: UTF8.self)),
                length > blank - rest.startIndex + 2, length <= rest.count,
                rest[rest.startIndex + length - 1] == 0x0A
            else { throw damaged }
            let record = rest[blank..<rest.startIndex + length - 1].dropFirst()
            rest = rest.dropFirst(length)
            guard let equals = record.firstIndex(of: UInt8(ascii: "=")) else { throw damaged }
            let value = Array(record[equals...].dropFirst())
            let text = String(decoding: value, as: UTF8.self)
            switch String(decoding: record[..<equals], as: UTF8.self) {
            case "path": name = value
            case "linkpath": target = value
            case "size":
                guard let size = Int64(text), size >= 0 else { throw damaged }
                self.size = size
            case "mtime":
                // Rounded down to whole seconds, also before the epoch.
                let parts = text.split(separator: ".", maxSplits: 1)
                guard let seconds = parts.first.flatMap({ Int64($0) }) else { throw damaged }
                let hasFraction = parts.count > 1 && parts[1].utf8.contains { $0 != 0x30 }
                modified =
                    text.hasPrefix("-") && hasFraction ? seconds.subtractingSaturated(1) : seconds
            case let key where key.hasPrefix("GNU.sparse."): isSparse = true
            default: continue
            }
        }
    }
}
