/// What is in an archive, as its bytes tell; every entry is checked.
struct ArchiveListing: Sendable {
    /// The name of the file that says what of the archive is not copied.
    fileprivate static let ignoreFile = Array(".dockerignore".utf8)

    private var reader: TarReader
    private var found: Found

    /// What has been read.
    fileprivate struct Found: Sendable {
        let keepsEntries: Bool
        var entries: [TarReader.Entry] = []
        var fileCount = 0
        var ignoreFile: [UInt8]?
        /// Whether the content that comes is the ignore file's.
        var isIgnoreFile = false
    }

    /// - Parameter keepsEntries: false where they are only checked and counted.
    init(within limits: TarReader.Limits, keepsEntries: Bool = true) {
        reader = TarReader(limits: limits)
        found = Found(keepsEntries: keepsEntries)
    }

    /// The entries, where they are kept.
    var entries: [TarReader.Entry] { found.entries }
    /// Files and links.
    var fileCount: Int { found.fileCount }
    /// The content of its `.dockerignore`; nil if it has none.
    var ignoreFile: [UInt8]? { found.ignoreFile }

    /// Whether the archive's end has come; what is behind it is not looked at.
    var isAtEnd: Bool { reader.isAtEnd }

    /// How many of the next bytes nobody looks at.
    var passable: Int64 { reader.isInContent && !found.isIgnoreFile ? reader.remaining : 0 }

    /// Passes over as many bytes; at most those that nobody looks at.
    mutating func pass(_ count: Int64) { reader.pass(count) }

    /// Reads bytes on their way to somewhere else. What nobody looks at is not touched.
    mutating func read(passing bytes: UnsafeRawBufferPointer) throws {
        var offset = 0
        while offset < bytes.count, !isAtEnd {
            let left = bytes.count - offset
            let passed = Int(min(passable, Int64(left)))
            if passed > 0 {
                pass(Int64(passed))
                offset += passed
            } else {
                let count = min(left, Self.piece)
                try read(unsafe Array(bytes[offset..<offset + count])[...])
                offset += count
            }
        }
    }

    /// What fills a content's last block, and the next entry's header.
    private static let piece = 2 * TarHeader.blockSize

    /// Reads the next bytes.
    mutating func read(_ bytes: ArraySlice<UInt8>) throws {
        var found = found
        // There is one of what has been read, which is added to.
        self.found = Found(keepsEntries: found.keepsEntries)
        defer { self.found = found }
        try reader.feed(bytes) { piece in
            switch piece {
            case .entry(let entry): try found.add(entry)
            case .content(let content):
                guard found.isIgnoreFile else { return }
                let room = IgnoreRules.mostBytes + 1 - (found.ignoreFile?.count ?? 0)
                found.ignoreFile? += content.prefix(room)
            }
        }
    }

    /// To be called at the end of the bytes.
    func finish() throws(TarReader.Refused) { try reader.finish() }
}

extension ArchiveListing.Found {
    fileprivate mutating func add(_ entry: TarReader.Entry) throws(TarReader.Refused) {
        if keepsEntries { entries.append(entry) }
        if entry.kind != .folder { fileCount += 1 }
        isIgnoreFile = entry.path == ArchiveListing.ignoreFile
        guard isIgnoreFile else { return }
        guard case .file = entry.kind else {
            throw TarReader.Refused(
                entry: entry.path,
                reason: "must be a file of its own, and no link or folder"
            )
        }
        ignoreFile = []
    }
}
