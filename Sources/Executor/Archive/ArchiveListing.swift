/// The entries of an archive, read from its bytes; every entry is checked.
struct ArchiveListing: Sendable {
    /// The name of the file that says which entries are not copied.
    fileprivate static let ignoreFile = Array(".dockerignore".utf8)

    private var reader: TarReader
    private var found: Found

    /// What has been read so far.
    fileprivate struct Found: Sendable {
        let keepsEntries: Bool
        var entries: [TarReader.Entry] = []
        var fileCount = 0
        var ignoreFile: [UInt8]?
        /// Whether the content being read is that of the ignore file.
        var isIgnoreFile = false
    }

    /// - Parameter keepsEntries: false if the entries are only checked and counted.
    init(within limits: TarReader.Limits, keepsEntries: Bool = true) {
        reader = TarReader(limits: limits)
        found = Found(keepsEntries: keepsEntries)
    }

    /// The entries; empty if they are not kept.
    var entries: [TarReader.Entry] { found.entries }
    /// The number of files and links.
    var fileCount: Int { found.fileCount }
    /// The content of the archive's `.dockerignore`; nil if it has none.
    var ignoreFile: [UInt8]? { found.ignoreFile }

    /// Whether the end of the archive has been reached; bytes behind it are ignored.
    var isAtEnd: Bool { reader.isAtEnd }

    /// The number of following bytes that need not be read.
    var passable: Int64 { reader.isInContent && !found.isIgnoreFile ? reader.remaining : 0 }

    /// Skips bytes; not more than `passable`.
    mutating func pass(_ count: Int64) { reader.pass(count) }

    /// Reads bytes that are also on their way to the file. Contents that need not be read are not touched.
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

    /// The size of a content's padding and the next entry's header together.
    private static let piece = 2 * TarHeader.blockSize

    /// Reads the next bytes.
    mutating func read(_ bytes: ArraySlice<UInt8>) throws {
        var found = found
        // The value must have only one owner, so that it is extended in place and not copied.
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

    /// Checks, at the end of the bytes, that the archive is complete.
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
                reason: "must be a file of its own, not a link or folder"
            )
        }
        ignoreFile = []
    }
}
