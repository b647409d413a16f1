import CSQLite

/// The journal's events table, filled through the C interface and nothing else: the limit.
@safe struct PlainSQLite: ~Copyable {
    private let handle: OpaquePointer
    private let begin: OpaquePointer
    private let insert: OpaquePointer
    private let commit: OpaquePointer

    /// A new database in that file. `isDurable`: each commit waits for the disk.
    init(path: String, isDurable: Bool) {
        var opened: OpaquePointer?
        unsafe check(sqlite3_open(path, &opened))
        guard let database = unsafe opened else { fatalError("no database") }
        let script = """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = \(isDurable ? "FULL" : "NORMAL");
            CREATE TABLE events (
                id INTEGER PRIMARY KEY AUTOINCREMENT,
                deployment INTEGER NOT NULL,
                kind TEXT NOT NULL,
                state TEXT NOT NULL,
                text TEXT NOT NULL
            ) STRICT;
            CREATE INDEX events_of_deployment ON events (deployment, kind, id);
            """
        unsafe check(sqlite3_exec(database, script, nil, nil, nil))
        unsafe handle = database
        unsafe begin = prepare(database, "BEGIN IMMEDIATE")
        unsafe insert = prepare(
            database,
            """
            INSERT INTO events (deployment, kind, state, text)
            VALUES (?, 'progress', 'pulling_image', ?)
            """
        )
        unsafe commit = prepare(database, "COMMIT")
    }

    deinit {
        unsafe sqlite3_finalize(begin)
        unsafe sqlite3_finalize(insert)
        unsafe sqlite3_finalize(commit)
        unsafe sqlite3_close(handle)
    }

    /// Inserts the text as that many rows in one transaction.
    borrowing func insert(_ text: String, rows: Int) {
        unsafe run(begin)
        for _ in 0..<rows {
            unsafe sqlite3_bind_int64(insert, 1, 1)
            var text = text
            text.withUTF8 { bytes in
                unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                    let count = Int32(characters.count)
                    _ = unsafe slipway_bind_text(insert, 2, characters.baseAddress, count)
                }
            }
            unsafe run(insert)
        }
        unsafe run(commit)
    }
}

private func prepare(_ database: OpaquePointer, _ text: String) -> OpaquePointer {
    var statement: OpaquePointer?
    unsafe check(sqlite3_prepare_v2(database, text, -1, &statement, nil))
    guard let statement = unsafe statement else { fatalError("no statement") }
    return unsafe statement
}

private func run(_ statement: OpaquePointer) {
    guard unsafe sqlite3_step(statement) == SQLITE_DONE else { fatalError("SQLite") }
    unsafe sqlite3_reset(statement)
}

private func check(_ code: Int32) {
    guard code == SQLITE_OK else { fatalError("SQLite \(code)") }
}
