internal import Deployments

/// A deployment's row in the database.
///
/// It is not written when only progress, message and time have changed. So the row of an
/// unfinished deployment may be behind, by what its newest event alone makes up for.
struct DeploymentRow {
    /// The number under which events refer to the deployment.
    let number: Int64
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
        number = row.integer(0)
        guard let id = DeploymentID(row.text(1)),
            let copy = CopyOrder(rawValue: row.text(7)),
            let request = Self.json(row.utf8(9)),
            var state = Self.json(row.utf8(10)).flatMap(DeploymentState.init(json:))
        else {
            throw JournalError(
                code: .corrupt,
                operation: "read a deployment",
                message: "row \(row.integer(0)) of the deployments is malformed"
            )
        }
        if row.integer(11) > state.lastEventID,
            let event = Self.json(row.utf8(12)).flatMap(Event.init(json:))
        {
            state.apply(event, id: row.integer(11))
        }
        record = DeploymentRecord(
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

    private static func json(_ text: [UInt8]) -> JSONValue? {
        // Why it is not JSON does not matter: nothing but this program writes these columns.
        try? JSONValue(parsing: text)
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
