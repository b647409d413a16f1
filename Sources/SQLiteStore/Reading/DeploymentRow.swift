internal import Deployments
internal import Journal
internal import Numbers

/// Reads the row of a deployment.
///
/// The row is not written if only progress, message and time have changed. So the row of an
/// unfinished deployment may be out of date; its newest event has what is missing.
extension DeploymentRecord {
    /// The columns that `init(row:)` needs.
    fileprivate static let columns = """
        number, id, tenant, app, environment, container_name, image, copy, created_at, request, \
        state, \(newest("id")), \(newest("text")), finished_at, epoch, intents
        """

    private static func newest(_ column: String) -> String {
        """
        CASE WHEN finished_at IS NULL THEN (SELECT events.\(column) FROM events \
        WHERE deployment = deployments.number AND kind = 'progress' \
        ORDER BY events.id DESC LIMIT 1) END
        """
    }

    /// Reads the current row of a statement that selects `columns`; nil if not even its id can be
    /// read. If anything else cannot be read, the deployment's events are read from the connection
    /// instead.
    fileprivate init?(
        row: SQLiteStatement,
        _ connection: SQLiteConnection
    ) throws(JournalError) {
        guard let id = DeploymentID(row.text(1)) else { return nil }
        let copy = CopyOrder(rawValue: row.text(7))
        let request = Self.json(row.utf8(9))
        let number = row.integer(0)
        let createdAt = Timestamp(microseconds: row.integer(8))
        var unreadable: [String] = []
        if copy == nil { unreadable.append("copy") }
        if request?.members == nil { unreadable.append("request") }
        var state: DeploymentState
        if let kept = Self.json(row.utf8(10)).flatMap(DeploymentState.init(json:)) {
            state = kept
            if row.integer(11) > state.lastEventID {
                if let event = Self.json(row.utf8(12)).flatMap(Event.init(json:)) {
                    state.apply(event, id: row.integer(11))
                } else {
                    unreadable.append("event \(row.integer(11))")
                }
            }
        } else {
            unreadable.append("state")
            state = DeploymentState(createdAt: createdAt, copy: copy ?? .afterStart)
            try connection.foldEvents(of: number, into: &state)
            if row.integer(13) != 0, !state.isFinal {
                state.end(of: id, at: Timestamp(microseconds: row.integer(13)), row)
            }
        }
        self.init(
            number: number,
            deployment: NewDeployment(
                id: id,
                tenant: row.text(2),
                app: row.text(3),
                environment: row.text(4),
                containerName: row.text(5),
                image: row.text(6),
                copy: copy ?? .afterStart,
                createdAt: createdAt,
                request: request ?? .null
            ),
            state: state,
            unreadable: unreadable
        )
    }

    fileprivate static func json(_ text: [UInt8]) -> JSONValue? {
        // The reason does not matter, because only this program writes these columns.
        try? JSONValue(parsing: text)
    }
}

extension SQLiteConnection {
    /// The deployment with that id; nil if there is none.
    func deployment(_ id: DeploymentID) throws(JournalError) -> DrivenDeployment? {
        var found: DrivenDeployment?
        try readDeployments(where: "id = ?", [.text(id.text)], "read a deployment") { record, row in
            let intents = DeploymentRecord.json(row.utf8(15)).map(Intents.init(json:))
            found = DrivenDeployment(
                record,
                epoch: row.integer(14),
                intents: intents ?? Intents()
            )
        }
        return found
    }

    /// The deployments that match an SQL condition, in the order that it gives.
    func deployments(
        where condition: String,
        _ values: [SQLiteValue],
        _ operation: String
    ) throws(JournalError) -> [DeploymentRecord] {
        var records: [DeploymentRecord] = []
        try readDeployments(where: condition, values, operation) { record, _ in
            records.append(record)
        }
        return records
    }

    private func readDeployments(
        where condition: String,
        _ values: [SQLiteValue],
        _ operation: String,
        _ take: (DeploymentRecord, SQLiteStatement) -> Void
    ) throws(JournalError) {
        try query(
            "SELECT \(DeploymentRecord.columns) FROM deployments WHERE \(condition)",
            values,
            operation
        ) { row throws(JournalError) in
            if let record = try DeploymentRecord(row: row, self) { take(record, row) }
            return true
        }
    }

    /// Applies those events of a deployment that can be read.
    fileprivate func foldEvents(of number: Int64, into state: inout DeploymentState)
        throws(JournalError)
    {
        var folded = state
        try query(
            "SELECT id, kind, text FROM events WHERE deployment = ? ORDER BY id",
            [.integer(number)],
            "read a deployment's events"
        ) { row in
            guard let json = try? JSONValue(parsing: row.utf8(2)) else { return true }
            if row.text(1) == "workload", let event = WorkloadEvent(json: json) {
                folded.apply(event, id: row.integer(0))
            } else if let event = Event(json: json) {
                folded.apply(event, id: row.integer(0))
            }
            return true
        }
        state = folded
    }
}

extension DeploymentState {
    /// Ends a deployment that has ended, although neither its state nor its final event can be
    /// read.
    fileprivate mutating func end(
        of id: DeploymentID,
        at moment: Timestamp,
        _ row: SQLiteStatement
    ) {
        let message = "The journal's record of the deployment's end cannot be read."
        let result = DeploymentResult(
            success: false,
            message: message,
            containerName: row.text(5),
            image: row.text(6)
        )
        let failure = Failure(
            code: .internal,
            stage: stage,
            message: message,
            hint: "Deploy again."
        )
        let event = Event(
            deploymentID: id,
            timestamp: moment,
            message: message,
            stage: .error,
            progress: 100,
            outcome: Event.Outcome(result: result, failure: failure)
        )
        // This event takes the place of the one that cannot be read.
        apply(event, id: lastEventID.addingSaturated(1))
    }
}
