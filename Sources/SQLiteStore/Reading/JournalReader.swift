internal import Journal

/// The connection for reading. It is separate so that a replay does not wait for commits.
actor JournalReader {
    private nonisolated let executor = QueueExecutor(label: "journal.reader")
    private var connection: SQLiteConnection?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Opens the database in that file, which must have been migrated.
    init(database: String) throws(JournalError) {
        let connection = try SQLiteConnection(path: database)
        try connection.execute("PRAGMA query_only = ON", "open the database")
        self.connection = connection
    }

    func close() {
        connection = nil
    }

    /// Runs a query on the reader's own thread.
    func read<Value: Sendable>(
        _ ask: @Sendable (SQLiteConnection) throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        guard let connection else { throw .closed("read the journal") }
        return try ask(connection)
    }

    /// Runs several queries that see the database at the same moment.
    func readAtOnce<Value: Sendable>(
        _ operation: String,
        _ ask: @Sendable (SQLiteConnection) throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        try read { connection throws(JournalError) in
            try connection.run("BEGIN", [], operation)
            // Nothing was written, so a failure to end the transaction does not matter.
            defer { try? connection.run("ROLLBACK", [], operation) }
            return try ask(connection)
        }
    }
}
