import Deployments
import Numbers

/// What is copied into the container: the entries of a folder, or of an archive, collected once.
struct SourceFolder: Sendable {
    /// Where the files' contents are.
    let origin: Origin
    /// A folder comes before what lies in it.
    let entries: [Entry]
    /// Of all files together.
    let byteCount: Int64
    /// Files and links.
    let fileCount: Int

    /// Whether it is one piece of an archive, which takes the engine no time that anybody notices.
    var isSmall: Bool { entries.count <= 64 && byteCount <= 256 << 10 }

    /// Where the contents of files are.
    enum Origin: Sendable {
        /// In a folder that is held open: what is copied is opened below it.
        case folder(HeldDescriptor)
        /// In an archive that was sent, whose entries are in its own order.
        case archive(ArchiveFile)
    }

    init(_ origin: Origin, entries: [Entry]) {
        self.origin = origin
        self.entries = entries
        byteCount = entries.lazy.map { $0.size }.saturatedSum
        fileCount = entries.count { $0.kind != .folder }
    }

    /// One file, folder or link.
    struct Entry: Sendable, Equatable {
        /// Relative to the folder, without leading slash; not always text.
        let path: [UInt8]
        let kind: Kind
        /// The permission bits, among them set-user-id, set-group-id and sticky.
        let mode: Int
        /// Whole seconds since the epoch.
        let modified: Int64

        /// Of a file's content; otherwise 0.
        var size: Int64 {
            if case .file(let size, _) = kind { size } else { 0 }
        }
    }

    enum Kind: Sendable, Equatable {
        /// `size` in bytes; of one in a folder also which file it is.
        case file(size: Int64, FileFacts.Identity?)
        case folder
        case link(target: [UInt8])
        /// Another name of a file that comes before it.
        case sameFile(path: [UInt8])
    }

    /// The folder cannot be copied as it is.
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

    /// The first entry that the container's program would not see, and the place that the engine
    /// mounts over it; nil if all of it is seen.
    ///
    /// - Parameters:
    ///   - destination: where in the container the folder's content lands.
    ///   - memory: where the container has file systems in memory.
    func hidden(
        at destination: String,
        besides memory: [String] = []
    ) -> (entry: Entry, place: String)? {
        let above = destination == "/" ? "/" : destination + "/"
        for place in EngineMounts.folders + EngineMounts.files + memory {
            // All of it, or what lies at the place and below.
            let isOver = EngineMounts.isAt(destination, place: place)
            guard isOver || place.utf8.starts(with: above.utf8) else { continue }
            let name = isOver ? [] : Array(place.utf8.dropFirst(above.utf8.count))
            let below = name + [UInt8(ascii: "/")]
            // A folder that is there anyway hides nothing.
            let entry = entries.first { entry in
                isOver || entry.path.starts(with: below)
                    || entry.path == name && (entry.kind != .folder || place.hasPrefix("/etc/"))
            }
            if let entry { return (entry, place) }
        }
        return nil
    }
}
