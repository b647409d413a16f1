internal import CSQLite
internal import Journal

/// A connection to a database, with its prepared statements. It is used by one queue at a time.
@safe final class SQLiteConnection {
    private let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]

    /// Opens the database in that file, which must exist.
    convenience init(path: String, isReadOnly: Bool = false) throws(JournalError) {
        let access = isReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        try self.init(name: path, flags: access)
    }

    /// Opens the database in that file for reading while nobody writes to it. Its write-ahead log
    /// is ignored, and no other file is created.
    convenience init(unchangingPath path: String) throws(JournalError) {
        var name = "file:"
        for character in path {
            switch character {
            case "%": name += "%25"
            case "?": name += "%3f"
            case "#": name += "%23"
            default: name.append(character)
            }
        }
        try self.init(name: name + "?immutable=1", flags: SQLITE_OPEN_READONLY | SQLITE_OPEN_URI)
    }

    private init(name: String, flags: Int32) throws(JournalError) {
        var opened: OpaquePointer?
        let flags = flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = unsafe sqlite3_open_v2(name, &opened, flags, nil)
        guard code == SQLITE_OK, let opened = unsafe opened else {
            let error = unsafe JournalError(result: code, of: "open the database", on: opened)
            unsafe sqlite3_close_v2(opened)
            throw error
        }
        unsafe handle = opened
        // Only one server uses the data directory, so only a person's own tools can hold the lock.
        unsafe sqlite3_busy_timeout(opened, 2000)
    }

    deinit {
        statements = [:]
        unsafe sqlite3_close_v2(handle)
    }

    /// The pointer for SQLite's C interface.
    var pointer: OpaquePointer { unsafe handle }

    /// Whether a transaction is open.
    var isInTransaction: Bool { unsafe sqlite3_get_autocommit(handle) == 0 }

    /// The number of rows that the latest statement changed.
    var changes: Int { Int(unsafe sqlite3_changes(handle)) }

    /// The row id of the latest insertion.
    var lastInsertedRow: Int64 { unsafe sqlite3_last_insert_rowid(handle) }

    /// Runs statements that return no rows and take no values.
    func execute(_ script: String, _ operation: String) throws(JournalError) {
        let code = unsafe sqlite3_exec(handle, script, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure(code, operation) }
    }

    /// Runs one statement to its end.
    func run(
        _ text: String,
        _ values: [SQLiteValue] = [],
        _ operation: String
    ) throws(JournalError) {
        try query(text, values, operation) { _ in true }
    }

    /// Calls `row` with each row of the statement until there are no more or it returns false.
    ///
    /// The row is valid only during the call.
    func query(
        _ text: String,
        _ values: [SQLiteValue] = [],
        _ operation: String,
        row: (SQLiteStatement) throws(JournalError) -> Bool
    ) throws(JournalError) {
        let statement = try prepared(text, operation)
        defer { statement.reset() }
        try check(statement.bind(values), operation)
        while true {
            let code = statement.step()
            if code == SQLITE_DONE { return }
            guard code == SQLITE_ROW else { throw failure(code, operation) }
            guard try row(statement) else { return }
        }
    }

    /// The first column of the first row as an integer; nil if there is no row.
    func integer(
        _ text: String,
        _ values: [SQLiteValue] = [],
        _ operation: String
    ) throws(JournalError) -> Int64? {
        var value: Int64?
        try query(text, values, operation) { row throws(JournalError) in
            value = row.integer(0)
            return false
        }
        return value
    }

    private func prepared(
        _ text: String,
        _ operation: String
    ) throws(JournalError) -> SQLiteStatement {
        if let statement = statements[text] { return statement }
        var compiled: OpaquePointer?
        let code = unsafe sqlite3_prepare_v3(
            handle,
            text,
            -1,
            UInt32(SQLITE_PREPARE_PERSISTENT),
            &compiled,
            nil
        )
        guard code == SQLITE_OK, let compiled = unsafe compiled else {
            throw failure(code, operation)
        }
        let statement = unsafe SQLiteStatement(compiled)
        statements[text] = statement
        return statement
    }

    private func check(_ code: Int32, _ operation: String) throws(JournalError) {
        guard code == SQLITE_OK else { throw failure(code, operation) }
    }

    private func failure(_ code: Int32, _ operation: String) -> JournalError {
        unsafe JournalError(result: code, of: operation, on: handle)
    }
}
