/// The header of an entry in a tar archive (POSIX.1-1988 ustar, with POSIX.1-2001 extended headers for
/// values that do not fit).
struct TarHeader {
    static let blockSize = 512

    enum Kind: UInt8 {
        case file = 0x30
        /// A hard link to an earlier file.
        case sameFile = 0x31
        case link = 0x32
        case folder = 0x35
        case extended = 0x78
    }

    private let name: [UInt8]
    private let kind: Kind
    private let size: Int64
    private let mode: Int
    private let modified: Int64
    private let target: [UInt8]
    private let owner: FileOwner
    /// The records of an extended header with the values that do not fit.
    private let records: [UInt8]

    /// Makes the header of an entry.
    ///
    /// - Parameters:
    ///   - path: the path without a leading slash, and without a trailing one for a folder.
    ///   - size: the number of bytes of the content, not negative.
    ///   - modified: the seconds since the epoch.
    init(
        path: [UInt8],
        kind: Kind,
        size: Int64 = 0,
        mode: Int,
        modified: Int64,
        target: [UInt8] = [],
        owner: FileOwner = .root
    ) {
        name = kind == .folder ? path + [UInt8(ascii: "/")] : path
        self.kind = kind
        self.size = max(0, size)
        self.mode = mode
        self.modified = modified
        self.target = target
        self.owner = owner
        var records: [UInt8] = []
        if name.count > 100 { records += Self.record("path", name) }
        if target.count > 100 { records += Self.record("linkpath", target) }
        if size > Self.largestNumber { records += Self.record("size", Array("\(size)".utf8)) }
        if !(0...Self.largestNumber).contains(modified) {
            records += Self.record("mtime", Array("\(modified)".utf8))
        }
        if owner.user > Self.largestID {
            records += Self.record("uid", Array("\(owner.user)".utf8))
        }
        if owner.group > Self.largestID {
            records += Self.record("gid", Array("\(owner.group)".utf8))
        }
        self.records = records
    }

    /// The largest number of seven octal digits.
    private static let largestID: UInt32 = 0o777_7777

    /// The largest number of eleven octal digits.
    private static let largestNumber: Int64 = 0o777_7777_7777

    /// The number of bytes of the header.
    var byteCount: Int {
        guard !records.isEmpty else { return Self.blockSize }
        return 2 * Self.blockSize + records.count + Self.padding(after: Int64(records.count))
    }

    /// Adds the header to an archive.
    func write(to archive: inout [UInt8]) {
        if !records.isEmpty {
            Self.writeBlock(
                name: Array("PaxHeaders/entry".utf8),
                kind: .extended,
                size: Int64(records.count),
                mode: 0o644,
                modified: 0,
                target: [],
                owner: .root,
                to: &archive
            )
            archive += records
            Self.writeZeros(Self.padding(after: Int64(records.count)), to: &archive)
        }
        Self.writeBlock(
            name: name,
            kind: kind,
            size: min(size, Self.largestNumber),
            mode: mode,
            modified: min(max(0, modified), Self.largestNumber),
            target: target,
            owner: owner,
            to: &archive
        )
    }

    /// The number of zero bytes that fill the last block of a content of that size.
    static func padding(after size: Int64) -> Int {
        let rest = Int(size % Int64(blockSize))
        return rest == 0 ? 0 : blockSize - rest
    }

    /// The number of bytes of the two zero blocks that end an archive.
    static let endSize = blockSize * 2

    static func writeZeros(_ count: Int, to archive: inout [UInt8]) {
        archive.append(contentsOf: repeatElement(0, count: count))
    }

    /// A record `LENGTH KEY=VALUE\n`, whose length includes its own digits.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = Array(" \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        var length = rest.count
        while String(length).utf8.count + rest.count != length {
            length = String(length).utf8.count + rest.count
        }
        return Array(String(length).utf8) + rest
    }

    private static func writeBlock(
        name: [UInt8],
        kind: Kind,
        size: Int64,
        mode: Int,
        modified: Int64,
        target: [UInt8],
        owner: FileOwner,
        to archive: inout [UInt8]
    ) {
        let start = archive.count
        writeZeros(blockSize, to: &archive)
        func put(_ bytes: some Collection<UInt8>, at offset: Int, limit: Int) {
            archive.replaceSubrange(
                start + offset..<start + offset + min(bytes.count, limit),
                with: bytes.prefix(limit)
            )
        }
        /// Writes octal digits into the whole field, except for a zero byte at its end.
        func octal(_ value: Int64, at offset: Int, width: Int) {
            var value = value
            archive[start + offset + width - 1] = 0
            for place in (0..<width - 1).reversed() {
                archive[start + offset + place] = UInt8(ascii: "0") + UInt8(value & 7)
                value >>= 3
            }
        }
        put(name, at: 0, limit: 100)
        octal(Int64(mode & 0o7777), at: 100, width: 8)
        octal(Int64(min(owner.user, largestID)), at: 108, width: 8)
        octal(Int64(min(owner.group, largestID)), at: 116, width: 8)
        octal(size, at: 124, width: 12)
        octal(modified, at: 136, width: 12)
        put([UInt8](repeating: 0x20, count: 8), at: 148, limit: 8)
        archive[start + 156] = kind.rawValue
        put(target, at: 157, limit: 100)
        put("ustar\u{0}00".utf8, at: 257, limit: 8)
        // The engine uses the numbers, not the names.
        if owner.user == 0 { put("root".utf8, at: 265, limit: 32) }
        if owner.group == 0 { put("root".utf8, at: 297, limit: 32) }
        let sum = archive[start...].reduce(0) { $0 + Int64($1) }
        octal(sum, at: 148, width: 7)
    }
}
