public import Deployments
public import Journal

/// What the database of a data directory is like, found out without changing anything.
public struct DatabaseLook: Sendable, Hashable {
    /// The database's size, without its write-ahead log.
    public let bytes: Int
    /// How many deployments it knows.
    public let deployments: Int
    /// Whether the next start brings its layout up to date.
    public let isOlder: Bool

    /// Looks at the journal in that directory; nil if there is none yet. Throws `.corrupt`
    /// where it is damaged, and `.newerSchema`.
    public static func at(directory: String) throws(JournalError) -> DatabaseLook? {
        let path = directory + "/journal.sqlite"
        let bytes = DatabaseCheck.size(path)
        guard bytes > 0 else { return nil }
        let connection = try reading(path)
        let version = try DatabaseCheck.run(on: connection, path, extent: .whole)
        let count =
            version == 0
            ? 0
            : try connection.integer("SELECT count(*) FROM deployments", [], "read the database")
        return DatabaseLook(
            bytes: bytes,
            deployments: Int(count ?? 0),
            isOlder: version < Schema.migrations.count
        )
    }

    /// Which of these containers the journal in that directory does not know. Nil if it cannot
    /// tell: there is none yet, or its layout is older.
    public static func strangers(
        among claims: [ContainerClaim],
        directory: String
    ) throws(JournalError) -> [ContainerClaim]? {
        let path = directory + "/journal.sqlite"
        guard DatabaseCheck.size(path) > 0 else { return nil }
        let connection = try reading(path)
        let version = try connection.integer("PRAGMA user_version", [], "open the database")
        guard Int(version ?? 0) == Schema.migrations.count else { return nil }
        var strangers: [ContainerClaim] = []
        for claim in claims where try connection.owner(of: claim) == nil {
            strangers.append(claim)
        }
        return strangers
    }

    private static func reading(_ path: String) throws(JournalError) -> SQLiteConnection {
        // Without a log nobody writes it; an ordinary reader would make the log's files. With one
        // they are there, and what is in the log belongs to the database.
        let hasLog = DatabaseCheck.size(path + "-wal") > 0
        return hasLog
            ? try SQLiteConnection(path: path, isReadOnly: true)
            : try SQLiteConnection(unchangingPath: path)
    }
}
