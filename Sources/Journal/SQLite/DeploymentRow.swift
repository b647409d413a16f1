internal import Deployments
internal import Numbers

/// A deployment's row in the database.
///
/// It is not written when only progress, message and time have changed. So the row of an
/// unfinished deployment may be behind, by what its newest event alone makes up for.
struct DeploymentRow {
    /// The number under which events refer to the deployment.
    var number: Int64 { record.number }
    let record: DeploymentRecord

    /// What must be selected for `init(row:)`.
    static let columns = """
        number, id, tenant, app, environment, container_name, image, copy, created_at, request, \
        state, \(newest("id")), \(newest("text")), finished_at
        """

    private static func newest(_ column: String) -> String {
        """
        CASE WHEN finished_at IS NULL THEN (SELECT events.\(column) FROM events \
        WHERE deployment = deployments.number AND kind = 'progress' \
        ORDER BY events.id DESC LIMIT 1) END
        """
    }

    /// Reads the current row of a statement that selects `columns`; nil if not even its id can be
    /// read. What else cannot be read is made up for by the deployment's events, which the connection
    /// is asked for.
    init?(row: SQLiteStatement, _ connection: SQLiteConnection) throws(JournalError) {
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
        record = DeploymentRecord(
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

    private static func json(_ text: [UInt8]) -> JSONValue? {
        // Why it is not JSON does not matter: nothing but this program writes these columns.
        try? JSONValue(parsing: text)
    }
}

extension RecordText {
    /// What a text is to be.
    enum Form {
        /// `DeploymentRecord.json`
        case record
        /// `DeploymentRecord.row`
        case row
    }

    /// What must be selected for `init(row:form:)`.
    static let columns = """
        \(DeploymentRow.columns), \
        CASE WHEN json_valid(request) THEN coalesce(request -> '$.metadata', 'null') \
        ELSE 'null' END, \
        CASE WHEN NOT json_valid(state) THEN NULL \
        WHEN json_type(state, '$.status') IS NOT 'text' THEN NULL \
        WHEN json_type(state, '$.failure') = 'object' \
        THEN json_remove(state, '$.failure.output_tail', '$.failure.container_log_tail') \
        ELSE state END
        """

    /// Reads the current row of a statement that selects `columns`; nil if not even its id can be
    /// read.
    init?(
        row: SQLiteStatement,
        form: Form,
        _ connection: SQLiteConnection
    ) throws(JournalError) {
        // The column `state` of what has not ended may be behind, and any may be damaged.
        guard row.integer(13) != 0, !row.utf8(15).isEmpty else {
            guard let record = try DeploymentRow(row: row, connection)?.record else { return nil }
            id = record.deployment.id
            text = (form == .record ? record.json : record.row).text
            return
        }
        guard let id = DeploymentID(row.text(1)) else { return nil }
        self.id = id
        // What stands in the columns, then the members of the state's object.
        var text = JSONValue.object(
            NewDeployment.members(
                id: row.text(1),
                number: row.integer(0),
                app: row.text(3),
                environment: row.text(4),
                tenant: row.text(2),
                containerName: row.text(5),
                image: row.text(6)
            )
        ).text
        text.removeLast()
        if form == .record { text += ",\"metadata\":\(row.text(14))" }
        self.text = "\(text),\(row.text(form == .record ? 10 : 15).dropFirst())"
    }
}

extension SQLiteConnection {
    /// The deployment of that id; nil if there is none.
    func deployment(_ id: DeploymentID) throws(JournalError) -> DeploymentRow? {
        var found: DeploymentRow?
        try query(
            "SELECT \(DeploymentRow.columns) FROM deployments WHERE id = ?",
            [.text(id.text)],
            "read a deployment"
        ) { row throws(JournalError) in
            found = try DeploymentRow(row: row, self)
            return false
        }
        return found
    }

    /// Folds what can be read of a deployment's events.
    func foldEvents(of number: Int64, into state: inout DeploymentState) throws(JournalError) {
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
    /// Ends what has ended, although neither its state nor its final event can be read.
    fileprivate mutating func end(
        of id: DeploymentID,
        at moment: Timestamp,
        _ row: SQLiteStatement
    ) {
        let message = "What the journal holds of the deployment's end cannot be read."
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
        // It stands in the place of the event that cannot be read.
        apply(event, id: lastEventID.addingSaturated(1))
    }
}
