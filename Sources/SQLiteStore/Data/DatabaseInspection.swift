public import Deployments
public import Journal

/// Facts about the database of a data directory, found without changing anything.
public struct DatabaseInspection: Sendable, Hashable {
    /// The database's size, without its write-ahead log.
    public let bytes: Int
    /// The number of deployments in it.
    public let deployments: Int
    /// Whether the next start will migrate its layout.
    public let isOlder: Bool

    /// Reads the journal in that directory; nil if there is none yet. Throws `.corrupt` if it is
    /// damaged, and `.newerSchema`.
    public static func at(directory: String) throws(JournalError) -> DatabaseInspection? {
        let path = directory + "/journal.sqlite"
        let bytes = DatabaseCheck.size(path)
        guard bytes > 0 else { return nil }
        let connection = try reading(path)
        let version = try DatabaseCheck.run(on: connection, path, extent: .whole)
        let count =
            version == 0
            ? 0
            : try connection.integer("SELECT count(*) FROM deployments", [], "read the database")
        return DatabaseInspection(
            bytes: bytes,
            deployments: Int(count ?? 0),
            isOlder: version < Schema.migrations.count
        )
    }

    /// Returns those of the containers that the journal in that directory does not know. Returns
    /// nil if this cannot be found out, because there is no journal yet or its layout is older.
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
        // If there is no log, nobody writes to the database, and an ordinary reader would create
        // the log's files. If there is one, the files exist, and the content of the log belongs to
        // the database.
        let hasLog = DatabaseCheck.size(path + "-wal") > 0
        return hasLog
            ? try SQLiteConnection(path: path, isReadOnly: true)
            : try SQLiteConnection(unchangingPath: path)
    }
}
