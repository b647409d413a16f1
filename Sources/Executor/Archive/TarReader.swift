import Numbers

/// Reads a tar archive from bytes in pieces of any size, and refuses everything that could reach beyond the
/// folder in which the archive is unpacked (POSIX.1-1988 ustar and POSIX.1-2001 pax, with GNU's long names
/// and base-256 numbers).
///
/// This is a value without I/O, and its memory is bounded: it keeps the names of an archive and none of the
/// contents.
struct TarReader: Sendable {
    /// An entry of an archive.
    struct Entry: Sendable, Equatable {
        /// The relative path without `.` and empty components. It is not always valid text.
        var path: [UInt8]
        var kind: Kind
        /// The permission bits, including set-user-id, set-group-id and sticky.
        var mode: Int
        /// The whole seconds since the epoch.
        var modified: Int64
        /// The number of bytes of the content.
        var size: Int64 { if case .file(let size) = kind { size } else { 0 } }
    }

    enum Kind: Sendable, Equatable {
        case file(size: Int64)
        case folder
        case link(target: [UInt8])
        /// A hard link to an earlier file.
        case sameFile(path: [UInt8])
    }

    /// A part of the archive that has been read.
    enum Piece: Sendable {
        case entry(Entry)
        /// Content of the last entry.
        case content(ArraySlice<UInt8>)
    }

    /// Why an archive is refused.
    struct Refused: Error, Equatable {
        /// The entry's name as it is in the archive; empty if the reason concerns no single entry.
        var entry: [UInt8] = []
        /// A sentence without subject and full stop.
        let reason: String

        var message: String {
            guard !entry.isEmpty else { return "The archive \(reason)." }
            return "The entry \(String(decoding: entry.prefix(200), as: UTF8.self)) \(reason)."
        }
    }

    /// The limits for the content of an archive.
    struct Limits: Sendable {
        /// The number of files, folders and links.
        var entries = 200_000
        /// The bytes of all files together.
        var contentBytes = Int64.max
        /// The bytes of one path or of a link's target.
        var pathBytes = 4_095
        /// The bytes of one extended header.
        var recordBytes: Int64 = 1 << 20
        /// The bytes of all paths and link targets together, as they are kept.
        var nameBytes = 64 << 20
        /// The bytes of the whole archive, including its headers.
        var bytes = Int64.max
    }

    private enum State {
        case header
        /// An extended header, or a header with a long name.
        case extended(UInt8)
        case content
        case padding
        case end
    }

    private let limits: Limits
    private var state = State.header
    /// The part of a header or extended header that has been read so far.
    private var block: [UInt8] = []
    /// The number of bytes of a content or extended header that are still to come.
    private(set) var remaining: Int64 = 0
    private var padding = 0
    /// What extended headers say about the next entry.
    private var further = TarRecords()
    private var zeroBlocks = 0
    /// The entries so far, by path.
    private var kinds: [[UInt8]: Seen] = [:]
    private var contentBytes: Int64 = 0
    private var nameBytes = 0
    /// The number of bytes that have been read.
    private var bytes: Int64 = 0
    private var current: [UInt8] = []

    private enum Seen: Sendable {
        case file, folder, link
        /// A folder without an entry of its own; only entries below it name it.
        case implied
    }

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Whether the end of the archive has been reached; bytes behind it are ignored.
    var isAtEnd: Bool { if case .end = state { true } else { false } }

    /// Reads bytes and passes the pieces that they complete to `take`.
    mutating func feed(
        _ bytes: ArraySlice<UInt8>,
        _ take: (Piece) throws -> Void
    ) throws {
        var rest = bytes
        try count(Int64(bytes.count))
        while !rest.isEmpty {
            switch state {
            case .header:
                guard fill(&rest, to: TarHeader.blockSize) else { return }
                try readHeader(take)
            case .extended(let type):
                guard fill(&rest, to: Int(remaining)) else { return }
                try readExtended(type)
            case .content:
                let count = Int(min(Int64(rest.count), remaining))
                try take(.content(rest.prefix(count)))
                rest = rest.dropFirst(count)
                pass(Int64(count))
            case .padding:
                let count = min(rest.count, padding)
                rest = rest.dropFirst(count)
                padding -= count
                if padding == 0 { state = .header }
            case .end: return
            }
        }
    }

    private mutating func count(_ more: Int64) throws(Refused) {
        bytes = bytes.addingSaturated(more)
        guard bytes <= limits.bytes else {
            throw Refused(reason: "is larger than \(limits.bytes) bytes when it is unpacked")
        }
    }

    /// Skips bytes of a content that nobody reads.
    mutating func pass(_ count: Int64) {
        remaining -= count
        if remaining == 0 { state = padding == 0 ? .header : .padding }
    }

    /// Whether the next bytes belong to a content.
    var isInContent: Bool { if case .content = state { true } else { false } }

    /// Checks, at the end of the bytes, that the archive is complete.
    func finish() throws(Refused) {
        switch state {
        // Some programs leave out the blocks of zeros at the end.
        case .end: return
        case .header where block.isEmpty && !kinds.isEmpty: return
        case .header where block.isEmpty && zeroBlocks > 0: return
        case .content, .padding: throw Refused(entry: current, reason: "is not complete")
        case .header where kinds.isEmpty && block.isEmpty:
            throw Refused(reason: "is empty")
        case .header, .extended: throw Refused(reason: "ends in the middle of a header")
        }
    }

    /// Collects bytes until there are `count`; returns false if some are still missing.
    private mutating func fill(_ rest: inout ArraySlice<UInt8>, to count: Int) -> Bool {
        let part = rest.prefix(count - block.count)
        block += part
        rest = rest.dropFirst(part.count)
        return block.count == count
    }

    // MARK: Headers

    private mutating func readHeader(_ take: (Piece) throws -> Void) throws {
        let header = block
        block = []
        guard header.contains(where: { $0 != 0 }) else {
            zeroBlocks += 1
            if zeroBlocks == 2 { state = .end }
            return
        }
        zeroBlocks = 0
        guard let fields = TarFields(header) else {
            throw Refused(
                reason: "is not a tar archive, or is damaged: a header's checksum is wrong"
            )
        }
        switch fields.type {
        case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
            guard let size = fields.size, (0...limits.recordBytes).contains(size) else {
                throw Refused(
                    entry: fields.name,
                    reason:
                        "has an extended header whose length is not from 0 to \(limits.recordBytes)"
                )
            }
            remaining = size
            padding = TarHeader.padding(after: size)
            state = .extended(fields.type)
            if size == 0 { state = .header }
        default: try readEntry(fields, take)
        }
    }

    private mutating func readExtended(_ type: UInt8) throws {
        let content = block
        block = []
        remaining = 0
        state = padding == 0 ? .header : .padding
        switch type {
        case UInt8(ascii: "L"): further.name = Array(content.prefix { $0 != 0 })
        case UInt8(ascii: "K"): further.target = Array(content.prefix { $0 != 0 })
        // A global header applies to all following entries, so only times and owners may be in it.
        case UInt8(ascii: "g"):
            var global = TarRecords()
            try global.read(content)
            guard global.name == nil, global.target == nil, global.size == nil else {
                throw Refused(reason: "has a header with one name or size for all entries")
            }
        default: try further.read(content)
        }
    }

    private mutating func readEntry(
        _ fields: TarFields,
        _ take: (Piece) throws -> Void
    ) throws {
        let further = further
        self.further = TarRecords()
        let name = further.name ?? fields.name
        guard !further.isSparse, fields.type != UInt8(ascii: "S") else {
            throw Refused(entry: name, reason: "is a sparse file, which is not supported")
        }
        guard let size = further.size ?? fields.size, size >= 0 else {
            throw Refused(entry: name, reason: "has a size that cannot be read")
        }
        let path = try checkedPath(name)
        let type = fields.type
        // Before there was a type for folders, a folder was a file whose name ends with a slash.
        let isOldFolder = (type == 0 || type == UInt8(ascii: "0")) && name.last == Self.slash
        let kind: Kind
        switch type {
        case UInt8(ascii: "5"): kind = .folder
        case _ where isOldFolder && size == 0: kind = .folder
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"): kind = .file(size: size)
        case UInt8(ascii: "2"):
            kind = .link(target: try checkedTarget(further.target ?? fields.target, of: path, name))
        case UInt8(ascii: "1"):
            let target = try checkedPath(further.target ?? fields.target)
            guard kinds[target] == .file else {
                throw Refused(
                    entry: name,
                    reason: "is a hard link to \(Self.text(target)), which is not an earlier file"
                )
            }
            kind = .sameFile(path: target)
        case UInt8(ascii: "3"), UInt8(ascii: "4"):
            throw Refused(entry: name, reason: "is a device")
        case UInt8(ascii: "6"): throw Refused(entry: name, reason: "is a pipe")
        default:
            throw Refused(entry: name, reason: "is of a kind that is not supported")
        }
        let hasContent = if case .file = kind { size > 0 } else { false }
        guard hasContent || size == 0 || kind == .folder else {
            throw Refused(entry: name, reason: "is a link with content")
        }
        current = name
        // This is the entry of the folder that contains all others.
        if path.isEmpty {
            guard kind == .folder, size == 0 else {
                throw Refused(entry: name, reason: "has the name of the folder itself")
            }
            return
        }
        try note(path, kind, name)
        contentBytes = contentBytes.addingSaturated(hasContent ? size : 0)
        guard contentBytes <= limits.contentBytes else {
            throw Refused(
                entry: name,
                reason: "makes the archive's files larger than \(limits.contentBytes) bytes"
            )
        }
        try take(
            .entry(
                Entry(
                    path: path,
                    kind: kind,
                    mode: fields.mode,
                    modified: further.modified ?? fields.modified
                )
            )
        )
        // The size of a folder is reserved space and not content (POSIX.1-1988 section 10.1.1).
        guard hasContent else { return }
        remaining = size
        padding = TarHeader.padding(after: size)
        state = .content
    }

    // MARK: Names

    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")

    private static func text(_ name: [UInt8]) -> String {
        String(decoding: name.prefix(200), as: UTF8.self)
    }

    /// A name without `.` and empty components; empty for the top folder itself.
    private func checkedPath(_ name: [UInt8]) throws(Refused) -> [UInt8] {
        guard name.first != Self.slash else {
            throw Refused(entry: name, reason: "has an absolute path")
        }
        guard name.count <= limits.pathBytes else {
            throw Refused(entry: name, reason: "has a path of more than \(limits.pathBytes) bytes")
        }
        guard !name.isEmpty, !name.contains(0) else {
            throw Refused(entry: name, reason: "has no name, or a null character in it")
        }
        let parts = name.split(separator: Self.slash).filter { $0 != [Self.dot] }
        guard !parts.contains([Self.dot, Self.dot]) else {
            throw Refused(entry: name, reason: "has '..' in its path")
        }
        guard parts.allSatisfy({ $0.count <= 255 }) else {
            throw Refused(entry: name, reason: "has a name of more than 255 bytes")
        }
        return Array(parts.joined(separator: [Self.slash]))
    }

    private func checkedTarget(
        _ target: [UInt8],
        of path: [UInt8],
        _ name: [UInt8]
    ) throws(Refused) -> [UInt8] {
        guard !target.isEmpty, !target.contains(0), target.count <= limits.pathBytes else {
            throw Refused(entry: name, reason: "is a link without a valid target")
        }
        let folder = path.lastIndex(of: Self.slash).map { Array(path[..<$0]) } ?? []
        guard LinkTarget.staysInside(folder: folder, target: target) else {
            throw Refused(
                entry: name,
                reason: "is a link that leads out of the archive, to \(Self.text(target))"
            )
        }
        return target
    }

    /// Remembers a name. Throws if it, or a folder above it, is already known as something else.
    private mutating func note(_ path: [UInt8], _ kind: Kind, _ name: [UInt8]) throws {
        // If a folder is known, all folders above it are known, too.
        var rest = path[...]
        climbing: while let slash = rest.lastIndex(of: Self.slash) {
            rest = rest[..<slash]
            let above = Array(rest)
            switch kinds[above] {
            case .folder, .implied: break climbing
            case .file, .link:
                throw Refused(
                    entry: name,
                    reason: "is in \(Self.text(above)), which is not a folder"
                )
            case nil:
                kinds[above] = .implied
                nameBytes += above.count
            }
        }
        let seen: Seen =
            switch kind {
            case .file, .sameFile: .file
            case .folder: .folder
            case .link: .link
            }
        switch kinds[path] {
        case nil: break
        case .implied where kind == .folder: break
        default: throw Refused(entry: name, reason: "is in the archive twice")
        }
        kinds[path] = seen
        nameBytes += path.count
        if case .link(let target) = kind { nameBytes += target.count }
        guard nameBytes <= limits.nameBytes else {
            throw Refused(reason: "has names of more than \(limits.nameBytes) bytes together")
        }
        guard kinds.count <= limits.entries else {
            throw Refused(reason: "holds more than \(limits.entries) files and folders")
        }
    }
}
