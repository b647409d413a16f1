internal import CSQLite
internal import Glibc
internal import Journal

/// Checks the database before the first write.
///
/// Checking all of it takes 1.2 s for 100,000 deployments (790 MB), which is as long as a whole
/// start may take. So all of it is checked only if a crash may have damaged the file, and only up
/// to a size that takes about a tenth of a second. Every start checks the places that are written
/// to.
enum DatabaseCheck {
    /// The greatest size in bytes of a database that is checked as a whole.
    private static let wholeLimit = 64 << 20

    /// Throws `.newerSchema` if a newer version wrote the database, and `.corrupt` if it is damaged
    /// or is not a journal. Writes nothing to it.
    static func run(_ path: String) throws(JournalError) {
        // A log is left over if the latest server did not end in order.
        let wasCrash = size(path + "-wal") > 0
        let connection = try SQLiteConnection(path: path, isReadOnly: true)
        try run(on: connection, path, extent: wasCrash ? .whole : .parts)
    }

    /// The extent of a check.
    enum Extent {
        /// Only the places that are written to.
        case parts
        /// All of it, if that does not take long.
        case whole
    }

    /// Checks the database of an open connection. Returns the number of migrations that it has had.
    @discardableResult
    static func run(
        on connection: SQLiteConnection,
        _ path: String,
        extent: Extent
    ) throws(JournalError) -> Int {
        do throws(JournalError) {
            let version = try Schema.refuseNewer(connection)
            try checkParts(connection, version)
            if extent == .whole, size(path) <= wholeLimit {
                try expect(connection, "PRAGMA quick_check(1)", "ok", "the check found")
            }
            return version
        } catch {
            // SQLite reports a missing table or column as an error without a code of its own.
            guard error.code == .corrupt || error.code == .other(SQLITE_ERROR) else { throw error }
            throw JournalError(
                code: .corrupt,
                operation: error.operation,
                message: """
                    \(path) is damaged: \(error.message). Nothing was written to it. Restore it \
                    from a backup, or move it away, together with the files \(path)-wal and \(path)-shm \
                    if they exist, to begin with an empty journal
                    """
            )
        }
    }

    private static func checkParts(
        _ connection: SQLiteConnection,
        _ version: Int
    ) throws(JournalError) {
        guard version > 0 else {
            let tables = "SELECT count(*) FROM sqlite_schema"
            return try expect(
                connection,
                tables,
                "0",
                "it is not a journal; number of tables found:"
            )
        }
        for table in ["events", "deployments"] {
            let key = table == "events" ? "id" : "number"
            for order in ["", "DESC"] {
                // All columns are read, because a long row continues in other pages.
                let ends = "SELECT * FROM \(table) ORDER BY \(key) \(order) LIMIT 1"
                try connection.run(ends, [], "read the database")
            }
            let ids = """
                SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = '\(table)'), 0)
                    >= coalesce((SELECT max(\(key)) FROM \(table)), 0)
                """
            try expect(
                connection,
                ids,
                "1",
                "the id counter of its \(table) is wrong; the check returned"
            )
        }
        let orphans = """
            SELECT count(*) FROM (SELECT deployment FROM events ORDER BY id DESC LIMIT 100)
            WHERE deployment NOT IN (SELECT number FROM deployments)
            """
        try expect(connection, orphans, "0", "number of recent events without a deployment:")
    }

    private static func expect(
        _ connection: SQLiteConnection,
        _ query: String,
        _ expected: String,
        _ otherwise: String
    ) throws(JournalError) {
        let operation = "check the database"
        var found = ""
        try connection.query(query, [], operation) { row in
            found = row.text(0)
            return false
        }
        guard found != expected else { return }
        throw JournalError(code: .corrupt, operation: operation, message: "\(otherwise) \(found)")
    }

    /// The size of a file in bytes; 0 if there is none.
    static func size(_ path: String) -> Int {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return 0 }
        return Int(status.st_size)
    }
}
