internal import Glibc

/// What this process may do with a file or folder.
enum FolderAccess {
    /// What it may be wanted for.
    struct Purpose: OptionSet {
        let rawValue: Int32

        static let read = Purpose(rawValue: R_OK)
        static let write = Purpose(rawValue: W_OK)
        /// To reach what lies in a folder.
        static let enter = Purpose(rawValue: X_OK)
    }

    /// The system's number for what stands in the way; nil if nothing does.
    static func fault(_ path: String, _ purpose: Purpose) -> Int32? {
        unsafe access(path, purpose.rawValue) == 0 ? nil : errno
    }

    /// What the system's number means: `Read-only file system`.
    static func words(_ number: Int32) -> String {
        unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }
}
