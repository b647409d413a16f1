internal import Deployments

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
        state, \(newest("id")), \(newest("text"))
        """

    private static func newest(_ column: String) -> String {
        """
        CASE WHEN finished_at IS NULL THEN (SELECT events.\(column) FROM events \
        WHERE deployment = deployments.number AND kind = 'progress' \
        ORDER BY events.id DESC LIMIT 1) END
        """
    }

    /// Reads the current row of a statement that selects `columns`.
    init(row: SQLiteStatement) throws(JournalError) {
        guard let id = DeploymentID(row.text(1)),
            let copy = CopyOrder(rawValue: row.text(7)),
            let request = Self.json(row.utf8(9)),
            var state = Self.json(row.utf8(10)).flatMap(DeploymentState.init(json:))
        else {
            throw Self.malformed(row)
        }
        if row.integer(11) > state.lastEventID,
            let event = Self.json(row.utf8(12)).flatMap(Event.init(json:))
        {
            state.apply(event, id: row.integer(11))
        }
        record = DeploymentRecord(
            number: row.integer(0),
            deployment: NewDeployment(
                id: id,
                tenant: row.text(2),
                app: row.text(3),
                environment: row.text(4),
                containerName: row.text(5),
                image: row.text(6),
                copy: copy,
                createdAt: Timestamp(microseconds: row.integer(8)),
                request: request
            ),
            state: state
        )
    }

    static func malformed(_ row: SQLiteStatement) -> JournalError {
        JournalError(
            code: .corrupt,
            operation: "read a deployment",
            message: "row \(row.integer(0)) of the deployments is malformed"
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
        \(DeploymentRow.columns), finished_at IS NULL, coalesce(request -> '$.metadata', 'null'), \
        CASE WHEN json_type(state, '$.failure') = 'object' \
        THEN json_remove(state, '$.failure.output_tail', '$.failure.container_log_tail') \
        ELSE state END
        """

    /// Reads the current row of a statement that selects `columns`.
    init(row: SQLiteStatement, form: Form) throws(JournalError) {
        guard row.integer(13) == 0 else {
            // The column `state` may be behind.
            let record = try DeploymentRow(row: row).record
            id = record.deployment.id
            text = (form == .record ? record.json : record.row).text
            return
        }
        guard let id = DeploymentID(row.text(1)) else {
            throw DeploymentRow.malformed(row)
        }
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
    /// The deployment of that id; nil where there is none.
    func deployment(_ id: DeploymentID) throws(JournalError) -> DeploymentRow? {
        var found: DeploymentRow?
        try query(
            "SELECT \(DeploymentRow.columns) FROM deployments WHERE id = ?",
            [.text(id.text)],
            "read a deployment"
        ) { row throws(JournalError) in
            found = try DeploymentRow(row: row)
            return false
        }
        return found
    }
}
