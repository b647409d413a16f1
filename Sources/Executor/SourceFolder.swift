import Foundation

/// What is copied into the container: the entries of a folder, collected once.
struct SourceFolder: Sendable {
    /// Absolute, without trailing slash.
    let path: String
    /// A folder comes before what lies in it.
    let entries: [Entry]

    /// One file, folder or link.
    struct Entry: Sendable, Equatable {
        /// Relative to the folder, without leading slash.
        let path: String
        let kind: Kind
        /// The permission bits, among them set-user-id, set-group-id and sticky.
        let mode: Int
        /// Whole seconds since the epoch.
        let modified: Int64
    }

    enum Kind: Sendable, Equatable {
        /// `size` in bytes.
        case file(size: Int64)
        case folder
        case link(target: String)
    }

    /// The folder cannot be copied as it is.
    struct Unreadable: Error, Equatable {
        let path: String
        let reason: String

        var message: String { "\(path): \(reason)" }
    }

    var byteCount: Int64 {
        entries.reduce(0) { sum, entry in
            if case .file(let size) = entry.kind { sum + size } else { sum }
        }
    }

    var fileCount: Int {
        entries.count { $0.kind != .folder }
    }

    /// Walks the folder. Reads the disk: not to be called on the shared pool.
    ///
    /// - Parameter isCancelled: asked before every entry; ends the walk.
    init(
        collecting path: String,
        isCancelled: () -> Bool = { false }
    ) throws(Unreadable) {
        self.path = path
        let ignoreFile = path + "/.dockerignore"
        var rules = IgnoreRules()
        if FileManager.default.fileExists(atPath: ignoreFile) {
            guard let bytes = FileManager.default.contents(atPath: ignoreFile) else {
                throw Unreadable(path: ".dockerignore", reason: "cannot be read")
            }
            rules = IgnoreRules(dockerignore: String(decoding: bytes, as: UTF8.self))
        }
        var entries: [Entry] = []
        try Self.walk(root: path, relative: "", rules: rules, isCancelled, into: &entries)
        self.entries = entries
    }

    private static func walk(
        root: String,
        relative: String,
        rules: IgnoreRules,
        _ isCancelled: () -> Bool,
        into entries: inout [Entry]
    ) throws(Unreadable) {
        let files = FileManager.default
        let names: [String]
        do {
            names = try files.contentsOfDirectory(
                atPath: relative.isEmpty ? root : "\(root)/\(relative)"
            )
        } catch {
            throw Unreadable(
                path: relative.isEmpty ? root : relative,
                reason: reason(error, fallback: "the folder cannot be read")
            )
        }
        for name in names.sorted() where !IgnoreRules.alwaysIgnores(name: name) {
            guard !isCancelled() else { throw Unreadable(path: relative, reason: "cancelled") }
            let path = relative.isEmpty ? name : "\(relative)/\(name)"
            let full = "\(root)/\(path)"
            let ignored = rules.ignores(path)
            if ignored, !rules.hasExceptions { continue }
            let attributes: [FileAttributeKey: Any]
            do {
                attributes = try files.attributesOfItem(atPath: full)
            } catch {
                if ignored { continue }
                throw Unreadable(path: path, reason: reason(error, fallback: "cannot be read"))
            }
            let mode = (attributes[.posixPermissions] as? NSNumber)?.intValue ?? 0o644
            let modified = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            func add(_ kind: Kind) {
                entries.append(
                    Entry(path: path, kind: kind, mode: mode, modified: Int64(modified))
                )
            }
            switch attributes[.type] as? FileAttributeType {
            case .typeDirectory:
                if !ignored { add(.folder) }
                try walk(root: root, relative: path, rules: rules, isCancelled, into: &entries)
            case .typeRegular where !ignored:
                guard files.isReadableFile(atPath: full) else {
                    throw Unreadable(path: path, reason: "permission to read it is missing")
                }
                add(.file(size: (attributes[.size] as? NSNumber)?.int64Value ?? 0))
            case .typeSymbolicLink where !ignored:
                let target: String
                do {
                    target = try files.destinationOfSymbolicLink(atPath: full)
                } catch {
                    throw Unreadable(path: path, reason: "the link cannot be read")
                }
                guard staysInside(folder: relative, target: target) else {
                    throw Unreadable(
                        path: path,
                        reason: "the link leads out of the folder, to \(target)"
                    )
                }
                add(.link(target: target))
            default: break  // Sockets, pipes and devices are left out.
            }
        }
    }

    /// Whether a link in `folder` (relative to the root) leads to a place below the root.
    static func staysInside(folder: String, target: String) -> Bool {
        guard !target.hasPrefix("/") else { return false }
        var depth = folder.split(separator: "/").count
        for component in target.split(separator: "/") where component != "." {
            depth += component == ".." ? -1 : 1
            if depth < 0 { return false }
        }
        return true
    }

    private static func reason(_ error: any Error, fallback: String) -> String {
        switch (error as NSError).code {
        case NSFileReadNoPermissionError: "permission to read it is missing"
        case NSFileNoSuchFileError, NSFileReadNoSuchFileError: "it is gone"
        default: fallback
        }
    }
}
