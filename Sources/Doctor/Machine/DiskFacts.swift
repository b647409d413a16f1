internal import Deployments
internal import Glibc

/// The free space on the file system of a folder.
struct DiskFacts: Sendable, Hashable {
    /// The bytes that users other than root may still use.
    var free: Int64
    var total: Int64
    /// How many files can still be made; nil if the file system does not count them.
    var freeFiles: Int64?

    /// How much space is needed, in bytes.
    struct Need: Sendable {
        /// With less, nothing works.
        var least: Int64
        /// Less is used up soon.
        var ample: Int64

        /// The need of a data directory. An event takes some hundred bytes.
        static let data = Need(least: 16 << 20, ample: 256 << 20)
        /// The need of an engine. Images take hundreds of megabytes.
        static let engine = Need(least: 256 << 20, ample: 2 << 30)
    }

    /// Whether there is enough space.
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

    /// Looks at the file system of this path; nil if it cannot be seen.
    static func gather(_ path: String) -> DiskFacts? {
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
