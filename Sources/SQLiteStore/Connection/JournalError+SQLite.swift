internal import CSQLite
internal import Glibc
internal import Journal

extension JournalError {
    /// What a result code of SQLite means for a caller.
    init(result: Int32, of operation: String, on connection: OpaquePointer?) {
        let code: Code =
            switch result & 0xFF {
            case SQLITE_FULL: .diskFull
            case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: .readOnly
            case SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_FORMAT: .corrupt
            case SQLITE_BUSY, SQLITE_LOCKED: .busy
            case SQLITE_IOERR, SQLITE_CANTOPEN: unsafe Self.system(result, connection)
            default: .other(result)
            }
        let words =
            unsafe connection.flatMap { unsafe sqlite3_errmsg($0) } ?? sqlite3_errstr(result)
        let text = unsafe words.map { unsafe String(cString: $0) } ?? "no reason given"
        self.init(code: code, operation: operation, message: "\(text) (SQLite \(result))")
    }

    /// An input or output error, told by what the system said.
    private static func system(_ result: Int32, _ connection: OpaquePointer?) -> Code {
        // Where the file that other connections share cannot grow, SQLite reports no errno.
        if result == slipway_ioerr_shmsize { return .diskFull }
        switch unsafe connection.map({ unsafe sqlite3_system_errno($0) }) {
        case ENOSPC, EDQUOT: return .diskFull
        case EROFS, EACCES, EPERM: return .readOnly
        default: return .other(result)
        }
    }

    /// What the system's error number means for a caller.
    init(errno number: Int32, of operation: String, path: String) {
        let code: Code =
            switch number {
            case ENOSPC, EDQUOT: .diskFull
            case EROFS, EACCES, EPERM: .readOnly
            default: .other(number)
            }
        let text = unsafe strerror(number).map { unsafe String(cString: $0) } ?? "error \(number)"
        self.init(code: code, operation: operation, message: "\(path): \(text)")
    }
}
