import Numbers

/// Makes the headers of the entries in an archive that is copied into a container.
struct EntryHeaders: Sendable {
    /// The destination without a leading slash.
    private let prefix: [UInt8]
    private let owner: FileOwner
    private let hasTop: Bool

    /// The headers for the files from which an image is built. The archive begins with a plain entry,
    /// because the docker client recognizes an archive by its first block, and otherwise takes it for a
    /// Dockerfile.
    static let buildContext = EntryHeaders(destination: "", owner: .root, hasTop: true)

    /// - Parameters:
    ///   - destination: the path of the content below the folder in which the archive is extracted.
    ///   - owner: the owner of all entries.
    ///   - hasTop: whether the destination always has an entry of its own.
    init(destination: String, owner: FileOwner, hasTop: Bool = false) {
        self.owner = owner
        self.hasTop = hasTop
        prefix = Array(
            destination.utf8.split(separator: UInt8(ascii: "/")).joined(separator: [0x2F])
        )
    }

    func header(_ entry: SourceFolder.Entry) -> TarHeader {
        func header(_ kind: TarHeader.Kind, _ mode: Int, target: [UInt8] = []) -> TarHeader {
            TarHeader(
                path: place(entry.path),
                kind: kind,
                size: entry.size,
                mode: mode,
                modified: entry.modified,
                target: target,
                owner: owner
            )
        }
        return switch entry.kind {
        case .file: header(.file, entry.mode)
        case .folder: header(.folder, entry.mode)
        case .link(let target): header(.link, 0o777, target: target)
        case .sameFile(let path): header(.sameFile, entry.mode, target: place(path))
        }
    }

    /// The entry of the destination itself; nil if it has none.
    func top(isEmpty: Bool) -> TarHeader? {
        let isOwned = owner != .root && !Self.systemFolders.contains(prefix)
        guard isOwned || hasTop || isEmpty && !prefix.isEmpty else { return nil }
        let path = prefix.isEmpty ? [UInt8(ascii: ".")] : prefix
        return TarHeader(path: path, kind: .folder, mode: 0o755, modified: 0, owner: owner)
    }

    /// The number of bytes of the whole archive with these entries.
    func byteCount(of entries: [SourceFolder.Entry]) -> Int64 {
        var sum = Int64(TarHeader.endSize)
        if let top = top(isEmpty: entries.isEmpty) { sum += Int64(top.byteCount) }
        for entry in entries {
            sum = sum.addingSaturated(Int64(header(entry).byteCount))
            sum = sum.addingSaturated(entry.size)
            sum = sum.addingSaturated(Int64(TarHeader.padding(after: entry.size)))
        }
        return sum
    }

    private func place(_ path: [UInt8]) -> [UInt8] {
        prefix.isEmpty ? path : prefix + [UInt8(ascii: "/")] + path
    }

    /// The folders of an image that several programs share (Filesystem Hierarchy Standard).
    private static let systemFolders = Set(
        [
            "bin", "boot", "etc", "home", "lib", "lib64", "media", "mnt", "opt", "root", "run",
            "sbin", "srv", "tmp", "usr", "usr/bin", "usr/lib", "usr/local", "usr/local/bin",
            "usr/local/lib", "usr/sbin", "usr/share", "usr/src", "var", "var/cache", "var/lib",
            "var/log", "var/run", "var/tmp",
        ].map { Array($0.utf8) }
    )
}
