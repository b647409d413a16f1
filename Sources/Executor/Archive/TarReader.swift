import Numbers

/// Reads a tar archive from bytes as they come, however they are cut, and lets nothing through that could
/// reach beyond the folder in which it is unpacked (POSIX.1-1988 ustar and POSIX.1-2001 pax, with GNU's
/// long names and numbers to base 256).
///
/// A value without I/O. What it takes in is bounded: of an archive it keeps the names, and of a file's
/// content nothing.
struct TarReader: Sendable {
    /// One thing in an archive.
    struct Entry: Sendable, Equatable {
        /// Without `.` and empty components; relative, and not always text.
        var path: [UInt8]
        var kind: Kind
        /// The permission bits, among them set-user-id, set-group-id and sticky.
        var mode: Int
        /// Whole seconds since the epoch.
        var modified: Int64
        /// Of the content, in bytes.
        var size: Int64 { if case .file(let size) = kind { size } else { 0 } }
    }

    enum Kind: Sendable, Equatable {
        case file(size: Int64)
        case folder
        case link(target: [UInt8])
        /// Another name of a file that came before.
        case sameFile(path: [UInt8])
    }

    /// What bytes have brought.
    enum Piece: Sendable {
        case entry(Entry)
        /// Of the file that came last.
        case content(ArraySlice<UInt8>)
    }

    /// Why an archive is refused.
    struct Refused: Error, Equatable {
        /// The entry's name as the archive has it; empty if it is none of an entry.
        var entry: [UInt8] = []
        /// A sentence without subject and full stop.
        let reason: String

        var message: String {
            guard !entry.isEmpty else { return "The archive \(reason)." }
            return "The entry \(String(decoding: entry.prefix(200), as: UTF8.self)) \(reason)."
        }
    }

    /// What an archive may hold.
    struct Limits: Sendable {
        /// Files, folders and links.
        var entries = 200_000
        /// Of all files together.
        var contentBytes = Int64.max
        /// Of one path, or of a link's target.
        var pathBytes = 4_095
        /// Of one header of further records.
        var recordBytes: Int64 = 1 << 20
        /// Of all paths and link targets together, as they are kept.
        var nameBytes = 64 << 20
        /// Of the whole archive, its headers among them.
        var bytes = Int64.max
    }

    private enum State {
        case header
        /// A header of further records, or of a long name.
        case extended(UInt8)
        case content
        case padding
        case end
    }

    private let limits: Limits
    private var state = State.header
    /// Of the header, or of further records.
    private var block: [UInt8] = []
    /// What is still to come of a content, or of its padding.
    private(set) var remaining: Int64 = 0
    private var padding = 0
    /// What the headers before an entry say of it.
    private var further = TarRecords()
    private var zeroBlocks = 0
    /// What has come so far, by its path.
    private var kinds: [[UInt8]: Seen] = [:]
    private var contentBytes: Int64 = 0
    private var nameBytes = 0
    /// What has been looked at.
    private var bytes: Int64 = 0
    private var current: [UInt8] = []

    private enum Seen: Sendable {
        case file, folder, link
        /// A folder that only what lies in it has told of.
        case implied
    }

    init(limits: Limits = Limits()) {
        self.limits = limits
    }

    /// Whether the archive's end has come; what is behind it is not looked at.
    var isAtEnd: Bool { if case .end = state { true } else { false } }

    /// Takes bytes, and gives what they bring.
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
            throw Refused(reason: "is larger than \(limits.bytes) bytes, unpacked")
        }
    }

    /// Passes over bytes of a content that nobody reads.
    mutating func pass(_ count: Int64) {
        remaining -= count
        if remaining == 0 { state = padding == 0 ? .header : .padding }
    }

    /// Whether the next bytes are a content's.
    var isInContent: Bool { if case .content = state { true } else { false } }

    /// To be called at the end of the bytes.
    func finish() throws(Refused) {
        switch state {
        // Some programs leave out the blocks of zeros.
        case .end: return
        case .header where block.isEmpty && !kinds.isEmpty: return
        case .header where block.isEmpty && zeroBlocks > 0: return
        case .content, .padding: throw Refused(entry: current, reason: "is not whole")
        case .header where kinds.isEmpty && block.isEmpty:
            throw Refused(reason: "is empty")
        case .header, .extended: throw Refused(reason: "ends in the middle of a header")
        }
    }

    /// Collects bytes up to a count; false if they are not all there yet.
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
            throw Refused(reason: "is no tar archive, or is damaged: a header's checksum is wrong")
        }
        switch fields.type {
        case UInt8(ascii: "x"), UInt8(ascii: "g"), UInt8(ascii: "L"), UInt8(ascii: "K"):
            guard let size = fields.size, (0...limits.recordBytes).contains(size) else {
                throw Refused(
                    entry: fields.name,
                    reason: "has a header that is not of 0 to \(limits.recordBytes) bytes"
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
        // Records for all that follows: only times and owners may be among them.
        case UInt8(ascii: "g"):
            var global = TarRecords()
            try global.read(content)
            guard global.name == nil, global.target == nil, global.size == nil else {
                throw Refused(reason: "has one name, or one size, for all of its entries")
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
        // A file whose name ends with a slash was a folder before there was a type for it.
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
                    reason: "is another name of \(Self.text(target)), which is no file before it"
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
        // The folder in which everything lies.
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
        // A folder's size is room for it, and no content (POSIX.1-1988 section 10.1.1).
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

    /// A name without `.` and empty components; empty for the folder itself.
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
            throw Refused(entry: name, reason: "is a link with a target that cannot be")
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

    /// Remembers a name; throws if it, or a folder above it, is something else already.
    private mutating func note(_ path: [UInt8], _ kind: Kind, _ name: [UInt8]) throws {
        // Above a folder that is known all is known.
        var rest = path[...]
        climbing: while let slash = rest.lastIndex(of: Self.slash) {
            rest = rest[..<slash]
            let above = Array(rest)
            switch kinds[above] {
            case .folder, .implied: break climbing
            case .file, .link:
                throw Refused(
                    entry: name,
                    reason: "lies in \(Self.text(above)), which is no folder"
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
        default: throw Refused(entry: name, reason: "comes twice")
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
