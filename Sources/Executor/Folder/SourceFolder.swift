import Deployments
import Numbers

/// The content that is copied into the container: the entries of a folder or an archive, collected once.
struct SourceFolder: Sendable {
    /// Where the contents of the files are.
    let origin: Origin
    /// The entries; a folder comes before its content.
    let entries: [Entry]
    /// The number of bytes of all files together.
    let byteCount: Int64
    /// The number of files and links.
    let fileCount: Int

    /// Whether it fits into one piece of an archive, which the engine takes in no noticeable time.
    var isSmall: Bool { entries.count <= 64 && byteCount <= 256 << 10 }

    /// Where the contents of the files are.
    enum Origin: Sendable {
        /// In a folder that is held open; files are opened below it.
        case folder(HeldDescriptor)
        /// In an archive that was sent; the entries are in the order of the archive.
        case archive(ArchiveFile)
    }

    init(_ origin: Origin, entries: [Entry]) {
        self.origin = origin
        self.entries = entries
        byteCount = entries.lazy.map { $0.size }.saturatedSum
        fileCount = entries.count { $0.kind != .folder }
    }

    /// A file, folder or link.
    struct Entry: Sendable, Equatable {
        /// The path relative to the folder, without a leading slash. It is not always valid text.
        let path: [UInt8]
        let kind: Kind
        /// The permission bits, including set-user-id, set-group-id and sticky.
        let mode: Int
        /// The whole seconds since the epoch.
        let modified: Int64

        /// The number of bytes of a file's content; 0 for everything else.
        var size: Int64 {
            if case .file(let size, _) = kind { size } else { 0 }
        }
    }

    enum Kind: Sendable, Equatable {
        /// A file of `size` bytes, with its identity if it is in a folder.
        case file(size: Int64, FileFacts.Identity?)
        case folder
        case link(target: [UInt8])
        /// A hard link to an earlier file.
        case sameFile(path: [UInt8])
    }

    /// Why the content cannot be copied.
    struct Unreadable: Error, Equatable {
        let path: String
        let reason: String
        /// Whether the disk does not answer.
        var isStalled = false

        init(path: String, reason: String) {
            self.path = path
            self.reason = reason
        }

        init(path: some Collection<UInt8>, reason: String) {
            self.init(path: String(decoding: path, as: UTF8.self), reason: reason)
        }

        var message: String { "\(path): \(reason)" }
    }

    /// The first entry that the container's program would not see, and the place at which the engine mounts
    /// something over it; nil if every entry can be seen.
    ///
    /// - Parameters:
    ///   - destination: the path of the content in the container.
    ///   - memory: the paths at which the container has file systems in memory.
    func hidden(
        at destination: String,
        besides memory: [String] = []
    ) -> (entry: Entry, place: String)? {
        let above = destination == "/" ? "/" : destination + "/"
        for place in EngineMounts.folders + EngineMounts.files + memory {
            // The mounted place hides either all of the content, or an entry at or below the place.
            let isOver = EngineMounts.isAt(destination, place: place)
            guard isOver || place.utf8.starts(with: above.utf8) else { continue }
            let name = isOver ? [] : Array(place.utf8.dropFirst(above.utf8.count))
            let below = name + [UInt8(ascii: "/")]
            // An entry for a folder that exists anyway is not hidden.
            let entry = entries.first { entry in
                isOver || entry.path.starts(with: below)
                    || entry.path == name && (entry.kind != .folder || place.hasPrefix("/etc/"))
            }
            if let entry { return (entry, place) }
        }
        return nil
    }
}
