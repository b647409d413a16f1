internal import CSQLite
internal import Glibc
internal import Journal

/// A look at the database before the first write.
///
/// Checking all of it takes 1.2 s for 100,000 deployments (790 MB), as long as a start may take
/// in all. So that is done only where a crash may have hurt the file, and only up to a size that
/// takes about a tenth of a second; a start always looks at the places that are written to.
enum DatabaseCheck {
    /// The most bytes that are checked as a whole.
    private static let wholeLimit = 64 << 20

    /// Throws `.newerSchema` where a newer version wrote the database, and `.corrupt` where it
    /// is damaged or is no journal. Writes nothing to it.
    static func run(_ path: String) throws(JournalError) {
        // A log is left behind where the latest server did not end by itself.
        let wasCrash = size(path + "-wal") > 0
        let connection = try SQLiteConnection(path: path, isReadOnly: true)
        try run(on: connection, path, extent: wasCrash ? .whole : .parts)
    }

    /// How much is looked at.
    enum Extent {
        /// The places that are written to.
        case parts
        /// All of it, where that is quickly done.
        case whole
    }

    /// The same on a connection that is open. Gives how many steps of the layout it has had.
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
            // A table or column that is missing is an error of no kind.
            guard error.code == .corrupt || error.code == .other(SQLITE_ERROR) else { throw error }
            throw JournalError(
                code: .corrupt,
                operation: error.operation,
                message: """
                    \(path) is damaged: \(error.message). Nothing was written to it. Restore it \
                    from a backup, or move it away, with the files \(path)-wal and \(path)-shm \
                    where there are any, to begin with an empty journal
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
            return try expect(connection, tables, "0", "it is no journal, its tables number")
        }
        for table in ["events", "deployments"] {
            let key = table == "events" ? "id" : "number"
            for order in ["", "DESC"] {
                // All columns: a long row goes on in other pages.
                let ends = "SELECT * FROM \(table) ORDER BY \(key) \(order) LIMIT 1"
                try connection.run(ends, [], "read the database")
            }
            let ids = """
                SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = '\(table)'), 0)
                    >= coalesce((SELECT max(\(key)) FROM \(table)), 0)
                """
            try expect(connection, ids, "1", "its \(table) have lost count:")
        }
        let orphans = """
            SELECT count(*) FROM (SELECT deployment FROM events ORDER BY id DESC LIMIT 100)
            WHERE deployment NOT IN (SELECT number FROM deployments)
            """
        try expect(connection, orphans, "0", "events of deployments that are not there:")
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

    /// A file's bytes; 0 if there is none.
    static func size(_ path: String) -> Int {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return 0 }
        return Int(status.st_size)
    }
}
