internal import Deployments
internal import Glibc

/// The room on the file system of a folder.
struct DiskFacts: Sendable, Hashable {
    /// Bytes for users other than root.
    var free: Int64
    var total: Int64
    /// Files that can still be made; nil if the file system does not count them.
    var freeFiles: Int64?

    /// How much room there should be, in bytes.
    struct Need: Sendable {
        /// Less is too little to work.
        var least: Int64
        /// Less does not last.
        var ample: Int64

        /// Of a data directory: an event takes some hundred bytes.
        static let data = Need(least: 16 << 20, ample: 256 << 20)
        /// Of an engine: images take hundreds of megabytes.
        static let engine = Need(least: 256 << 20, ample: 2 << 30)
    }

    /// What the room is enough for.
    func verdict(_ need: Need) -> Finding.Verdict {
        if free < need.least || freeFiles == 0 { return .wrong }
        if free < need.ample || freeFiles.map({ $0 < 1000 }) == true { return .warning }
        return .ok
    }

    /// `1.2 of 96.0 GB free`.
    var words: String {
        let files = freeFiles.flatMap { $0 < 1000 ? ", \($0) files" : nil } ?? ""
        return "\(byteText(free, of: total)) free\(files)"
    }

    /// The file system at that path; nil if it cannot be seen.
    static func look(_ path: String) -> DiskFacts? {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return nil }
        let block = Int64(clamping: status.f_frsize)
        return DiskFacts(
            free: Int64(clamping: status.f_bavail) * block,
            total: Int64(clamping: status.f_blocks) * block,
            freeFiles: status.f_files == 0 ? nil : Int64(clamping: status.f_favail)
        )
    }
}
