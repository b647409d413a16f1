/// The 512-byte blocks that come before an entry's content in a tar archive (POSIX.1-1988 ustar,
/// with POSIX.1-2001 extended headers for what does not fit).
enum TarHeader {
    static let blockSize = 512

    enum Kind: UInt8 {
        case file = 0x30
        case link = 0x32
        case folder = 0x35
        case extended = 0x78
    }

    /// The header of an entry that belongs to user and group 0.
    ///
    /// - Parameters:
    ///   - path: without leading slash; a folder's without trailing one.
    ///   - size: of the content, in bytes.
    ///   - modified: seconds since the epoch.
    static func bytes(
        path: String,
        kind: Kind,
        size: Int64 = 0,
        mode: Int,
        modified: Int64,
        target: String = ""
    ) -> [UInt8] {
        let name = kind == .folder ? path + "/" : path
        var records: [UInt8] = []
        if name.utf8.count > 100 { records += record("path", name) }
        if target.utf8.count > 100 { records += record("linkpath", target) }
        if size > 0o777_7777_7777 { records += record("size", String(size)) }
        var bytes: [UInt8] = []
        if !records.isEmpty {
            bytes += block(
                name: "PaxHeaders/entry",
                kind: .extended,
                size: Int64(records.count),
                mode: 0o644,
                modified: modified,
                target: ""
            )
            bytes += records
            bytes += padding(after: Int64(records.count))
        }
        bytes += block(
            name: name,
            kind: kind,
            size: min(size, 0o777_7777_7777),
            mode: mode,
            modified: modified,
            target: target
        )
        return bytes
    }

    /// The zero bytes that fill the last block of a content of that size.
    static func padding(after size: Int64) -> [UInt8] {
        let rest = Int(size % Int64(blockSize))
        return rest == 0 ? [] : [UInt8](repeating: 0, count: blockSize - rest)
    }

    /// The two zero blocks that end an archive.
    static var end: [UInt8] { [UInt8](repeating: 0, count: blockSize * 2) }

    /// `LENGTH KEY=VALUE\n`, where the length counts its own digits.
    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = " \(key)=\(value)\n"
        var length = rest.utf8.count
        while String(length).utf8.count + rest.utf8.count != length {
            length = String(length).utf8.count + rest.utf8.count
        }
        return Array("\(length)\(rest)".utf8)
    }

    private static func block(
        name: String,
        kind: Kind,
        size: Int64,
        mode: Int,
        modified: Int64,
        target: String
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockSize)
        func put(_ bytes: some Collection<UInt8>, at offset: Int, limit: Int) {
            for (index, byte) in bytes.prefix(limit).enumerated() { block[offset + index] = byte }
        }
        func octal(_ value: Int64, at offset: Int, width: Int) {
            let digits = String(max(0, value), radix: 8)
            let zeros = String(repeating: "0", count: max(0, width - 1 - digits.utf8.count))
            put((zeros + digits).utf8, at: offset, limit: width - 1)
        }
        put(name.utf8, at: 0, limit: 100)
        octal(Int64(mode & 0o7777), at: 100, width: 8)
        octal(0, at: 108, width: 8)
        octal(0, at: 116, width: 8)
        octal(size, at: 124, width: 12)
        octal(modified, at: 136, width: 12)
        put([UInt8](repeating: 0x20, count: 8), at: 148, limit: 8)
        block[156] = kind.rawValue
        put(target.utf8, at: 157, limit: 100)
        put("ustar\u{0}00".utf8, at: 257, limit: 8)
        put("root".utf8, at: 265, limit: 32)
        put("root".utf8, at: 297, limit: 32)
        let sum = block.reduce(0) { $0 + Int64($1) }
        octal(sum, at: 148, width: 7)
        return block
    }
}
