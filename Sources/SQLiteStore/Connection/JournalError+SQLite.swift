internal import CSQLite
internal import Glibc
internal import Journal

extension JournalError {
    /// Creates the error for a result code of SQLite.
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

    /// The code of an input or output error, by the system's error number.
    private static func system(_ result: Int32, _ connection: OpaquePointer?) -> Code {
        // If the shared-memory file cannot grow, SQLite reports no error number.
        if result == slipway_ioerr_shmsize { return .diskFull }
        switch unsafe connection.map({ unsafe sqlite3_system_errno($0) }) {
        case ENOSPC, EDQUOT: return .diskFull
        case EROFS, EACCES, EPERM: return .readOnly
        default: return .other(result)
        }
    }

    /// Creates the error for the system's error number.
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
