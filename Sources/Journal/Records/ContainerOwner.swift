public import Deployments

/// Whose a container is.
public struct ContainerOwner: Sendable, Hashable {
    /// The deployment that had it created. It may be forgotten by now.
    public let deployment: DeploymentID
    /// The deployment's tenant.
    public let tenant: String
    /// The deployment's app.
    public let app: String

    /// An owner.
    public init(deployment: DeploymentID, tenant: String, app: String) {
        self.deployment = deployment
        self.tenant = tenant
        self.app = app
    }
}

extension SQLiteJournal {
    /// Keeps that a deployment is about to have a container created.
    public func announce(
        creation: String,
        of id: DeploymentID
    ) async throws(JournalError) {
        try await writer.announce(creation: creation, of: id)
    }

    /// Keeps which container has come of a creation.
    public func own(_ container: String, from creation: String) async throws(JournalError) {
        try await writer.own(container, from: creation)
    }

    /// Whose the container is.
    public func owner(of claim: ContainerClaim) async throws(JournalError) -> ContainerOwner? {
        try await reader.owner(of: claim)
    }
}

extension JournalWriter {
    func announce(creation: String, of id: DeploymentID) throws(JournalError) {
        let operation = "announce a container"
        try inTransaction(.durable, operation) { connection throws(JournalError) in
            try connection.run(
                """
                INSERT INTO containers (creation, deployment, tenant, app, name)
                SELECT ?, id, tenant, app, container_name FROM deployments WHERE id = ?
                """,
                [.text(creation), .text(id.text)],
                operation
            )
            guard connection.changes == 1 else {
                throw .refused(.unknownDeployment, "there is no deployment \(id)")
            }
        }
    }

    func own(_ container: String, from creation: String) throws(JournalError) {
        let operation = "keep a container's id"
        // What a loss of power takes back is found again by the token and the name.
        try inTransaction(.grouped, operation) { connection throws(JournalError) in
            try connection.run(
                "UPDATE containers SET container = ? WHERE creation = ?",
                [.text(container), .text(creation)],
                operation
            )
        }
    }
}

extension JournalReader {
    func owner(of claim: ContainerClaim) throws(JournalError) -> ContainerOwner? {
        try opened().owner(of: claim)
    }
}

extension SQLiteConnection {
    /// Whose the container is; nil if it is nobody's.
    func owner(of claim: ContainerClaim) throws(JournalError) -> ContainerOwner? {
        var found: ContainerOwner?
        // By its id, of which old rows have the beginning; else by the creation of which nothing
        // is known to have come, under one of the two names that it may have got.
        try query(
            """
            SELECT deployment, tenant, app FROM containers
            WHERE container IN (?1, substr(?1, 1, 12))
            UNION ALL
            SELECT deployment, tenant, app FROM containers
            WHERE creation = ?2 AND container IS NULL
                AND ?3 IN (name, name || '.' || substr(deployment, 1, 8))
            LIMIT 1
            """,
            [.text(claim.id), .text(claim.creation ?? ""), .text(claim.name)],
            "read whose a container is"
        ) { row throws(JournalError) in
            guard let id = DeploymentID(row.text(0)) else { return false }
            found = ContainerOwner(deployment: id, tenant: row.text(1), app: row.text(2))
            return false
        }
        return found
    }
}
