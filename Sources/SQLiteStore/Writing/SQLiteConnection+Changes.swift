internal import Deployments
internal import Journal

/// Applies changes to the rows, within a transaction.
extension SQLiteConnection {
    /// The number of changes of a container that are kept.
    static let workloadEventLimit = 200

    /// Applies the change. Returns the commit and the resulting state of the deployment, which is
    /// nil if it was forgotten. A refusal is thrown before anything is written.
    ///
    /// - Parameter known: the deployment's present state; nil if none has that id.
    func apply(
        _ change: Change,
        _ known: DrivenDeployment?
    ) throws(JournalError) -> (Commit, DrivenDeployment?) {
        let (kind, text) = try change.event(for: known)
        var driven: DrivenDeployment
        if case .create(let deployment, _, let key) = change {
            driven = try insert(deployment, key)
        } else if let known {
            driven = known
        } else {
            preconditionFailure("only a creation is of an unknown deployment")
        }
        // The event of a deletion is inserted only for its id. It is deleted together with the
        // others, and no id is used twice.
        try run(
            "INSERT INTO events (deployment, kind, state, text) VALUES (?, ?, ?, ?)",
            [.integer(driven.number), .text(kind.name), .text(kind.state), .text(text)],
            "insert an event"
        )
        let id = lastInsertedRow
        driven.apply(change, id: id)
        switch change {
        case .create, .append: break
        case .workload: try forgetOldChanges(of: driven.number)
        case .delete: try delete(driven)
        }
        let commit = Commit(
            event: StoredEvent(
                id: id,
                deploymentID: change.deploymentID,
                kind: kind,
                text: text
            ),
            change: change.content,
            record: driven.record
        )
        return (commit, kind == .deleted ? nil : driven)
    }

    private func insert(
        _ deployment: NewDeployment,
        _ key: IdempotencyKey?
    ) throws(JournalError) -> DrivenDeployment {
        if let key, try self.deployment(for: key, at: deployment.createdAt) != nil {
            throw .refused(.keyTaken, "the key \(key.text) stands for another deployment")
        }
        let state = DeploymentState(createdAt: deployment.createdAt, copy: deployment.copy)
        try run(
            """
            INSERT INTO deployments (id, tenant, app, environment, container_name, image, copy,
                request, created_at, status, stage, progress, updated_at, state)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(deployment.id.text), .text(deployment.tenant), .text(deployment.app),
                .text(deployment.environment), .text(deployment.containerName),
                .text(deployment.image), .text(deployment.copy.rawValue),
                .text(deployment.request.text), .integer(deployment.createdAt.microseconds),
                .text(state.status.rawValue), .text(state.stage.rawValue),
                .integer(Int64(state.progress)), .integer(state.updatedAt.microseconds),
                .text(""),
            ],
            "insert a deployment"
        )
        var driven = DrivenDeployment(
            DeploymentRecord(number: lastInsertedRow, deployment: deployment, state: state)
        )
        driven.rowIsBehind = true
        if let key {
            try run(
                """
                INSERT OR REPLACE INTO idempotency_keys
                    (tenant, key, fingerprint, deployment, created_at)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    .text(key.tenant), .text(key.text), .text(key.fingerprint),
                    .integer(driven.number), .integer(deployment.createdAt.microseconds),
                ],
                "insert an idempotency key"
            )
        }
        return driven
    }

    /// Limits the changes that are kept, because a container that restarts again and again must not
    /// fill the disk.
    private func forgetOldChanges(of deployment: Int64) throws(JournalError) {
        try run(
            """
            DELETE FROM events WHERE deployment = ?1 AND kind = 'workload' AND id <= (
                SELECT id FROM events WHERE deployment = ?1 AND kind = 'workload'
                ORDER BY id DESC LIMIT 1 OFFSET ?2
            )
            """,
            [.integer(deployment), .integer(Int64(Self.workloadEventLimit))],
            "forget a container's old events"
        )
    }

    private func delete(_ driven: DrivenDeployment) throws(JournalError) {
        if !driven.state.mayHaveContainer {
            try run(
                "DELETE FROM containers WHERE deployment = ?",
                [.text(driven.deployment.id.text)],
                "forget a deployment's containers"
            )
        }
        try run(
            "DELETE FROM deployments WHERE number = ?",
            [.integer(driven.number)],
            "delete a deployment"
        )
    }

    /// Writes the deployment's row.
    func update(_ deployment: DrivenDeployment) throws(JournalError) {
        let state = deployment.state
        try run(
            """
            UPDATE deployments SET status = ?, stage = ?, progress = ?, updated_at = ?,
                finished_at = ?, state = ?, workload = ?, image_digest = ?, image_id = ?,
                epoch = ?, intents = ?
            WHERE number = ?
            """,
            [
                .text(state.status.rawValue), .text(state.stage.rawValue),
                .integer(Int64(state.progress)), .integer(state.updatedAt.microseconds),
                .optional(state.finishedAt?.microseconds), .text(state.json.text),
                .optional(state.workload?.state.rawValue), .optional(state.result?.imageDigest),
                .optional(state.status == .success ? state.result?.imageID : nil),
                .integer(deployment.epoch),
                .optional(state.isFinal ? nil : deployment.intents.json.text),
                .integer(deployment.number),
            ],
            "update a deployment"
        )
    }
}

extension DeploymentState {
    /// Whether the engine may have a container although the deployment has ended.
    fileprivate var mayHaveContainer: Bool {
        guard let workload else { return failure?.left.isEmpty == false }
        return workload.state != .removed
    }
}

extension StoredEvent.Kind {
    /// The value of the column `kind`.
    fileprivate var name: String {
        switch self {
        case .progress: "progress"
        case .workload: "workload"
        case .deleted: "deleted"
        }
    }

    /// The value of the column `state`.
    fileprivate var state: String {
        switch self {
        case .progress(let stage): stage.rawValue
        case .workload(let state): state.rawValue
        case .deleted: ""
        }
    }
}
