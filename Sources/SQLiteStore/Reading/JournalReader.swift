internal import Journal

/// The connection that answers questions, so that a replay does not wait for commits.
actor JournalReader {
    private nonisolated let executor = QueueExecutor(label: "journal.reader")
    private var connection: SQLiteConnection?

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A reader of the database in that file, which must have been migrated.
    init(database: String) throws(JournalError) {
        let connection = try SQLiteConnection(path: database)
        try connection.execute("PRAGMA query_only = ON", "open the database")
        self.connection = connection
    }

    func close() {
        connection = nil
    }

    /// Asks the database, on the reader's own thread.
    func read<Value: Sendable>(
        _ ask: @Sendable (SQLiteConnection) throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        guard let connection else { throw .closed("read the journal") }
        return try ask(connection)
    }

    /// Asks the database several things of one moment.
    func readAtOnce<Value: Sendable>(
        _ operation: String,
        _ ask: @Sendable (SQLiteConnection) throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        try read { connection throws(JournalError) in
            try connection.run("BEGIN", [], operation)
            // Nothing was written: whether the end of the transaction fails does not matter.
            defer { try? connection.run("ROLLBACK", [], operation) }
            return try ask(connection)
        }
    }
}
