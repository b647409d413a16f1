internal import Glibc

/// What this process may do with a file or folder.
enum FolderAccess {
    /// Ways of using a file or folder.
    struct Purpose: OptionSet {
        let rawValue: Int32

        static let read = Purpose(rawValue: R_OK)
        static let write = Purpose(rawValue: W_OK)
        /// To reach what is in a folder.
        static let enter = Purpose(rawValue: X_OK)
    }

    /// The system's error number if the path cannot be used in this way; nil if it can.
    static func fault(_ path: String, _ purpose: Purpose) -> Int32? {
        unsafe access(path, purpose.rawValue) == 0 ? nil : errno
    }

    /// The system's words for an error number: `Read-only file system`.
    static func words(_ number: Int32) -> String {
        unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
    }
}
