internal import Deployments

/// What a change does to the rows, within a transaction.
extension SQLiteConnection {
    typealias Change = JournalWriter.Change
    typealias Active = JournalWriter.Active

    /// How many changes of a container are kept.
    static let workloadEventLimit = 200

    /// Makes the change; gives what it has done, and how the deployment stands then: nil if it
    /// is forgotten. A refusal is thrown before anything is written.
    ///
    /// - Parameter known: how the deployment stands, where that is known.
    func apply(
        _ change: Change,
        _ known: Active?
    ) throws(JournalError) -> (Commit, Active?) {
        let id = change.deploymentID
        var known = known
        if known == nil, let row = try deployment(id) {
            known = Active(
                number: row.number,
                deployment: row.record.deployment,
                state: row.record.state
            )
        }
        switch (change, known) {
        case (.create(_, _, _), .some):
            throw .refused(.alreadyExists, "there is a deployment \(id) already")
        case (.create(let deployment, let event, let key), nil):
            return try create(deployment, event, key)
        case (_, nil):
            throw .refused(.unknownDeployment, "there is no deployment \(id)")
        case (.append(let event), let known?):
            guard !known.state.isFinal else {
                throw .refused(.alreadyFinal, "deployment \(id) has had its final event")
            }
            return try append(event, to: known)
        case (.workload(let event), let known?):
            guard let workload = known.state.workload else {
                throw .refused(.unknownDeployment, "deployment \(id) has no container")
            }
            return try append(event, event.json(workload.after(event)).text, to: known)
        case (.delete(_, let moment, let message), let known?):
            guard known.state.isFinal else {
                throw .refused(.notFinal, "deployment \(id) has not ended")
            }
            guard known.state.workload?.state.isLive != true else {
                throw .refused(.workloadLives, "the container of deployment \(id) lives")
            }
            if !known.state.mayHaveContainer { try disown(id) }
            let stored = try delete(id, known.number, moment, message)
            return (Commit(event: stored, change: .deleted, record: known.record), nil)
        }
    }

    private func create(
        _ deployment: NewDeployment,
        _ event: JournalWriter.EncodedEvent,
        _ key: IdempotencyKey?
    ) throws(JournalError) -> (Commit, Active) {
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
        let active = Active(
            number: lastInsertedRow,
            deployment: deployment,
            state: state,
            rowIsBehind: true
        )
        if let key {
            try run(
                """
                INSERT OR REPLACE INTO idempotency_keys
                    (tenant, key, fingerprint, deployment, created_at)
                VALUES (?, ?, ?, ?, ?)
                """,
                [
                    .text(key.tenant), .text(key.text), .text(key.fingerprint),
                    .integer(active.number), .integer(deployment.createdAt.microseconds),
                ],
                "insert an idempotency key"
            )
        }
        return try append(event, to: active)
    }

    private func append(
        _ encoded: JournalWriter.EncodedEvent,
        to deployment: Active
    ) throws(JournalError) -> (Commit, Active) {
        let event = encoded.event
        let kind = StoredEvent.Kind.progress(event.stage)
        let stored = try insert(kind, event.deploymentID, deployment.number, encoded.text)
        var deployment = deployment
        let before = deployment.state
        deployment.state.apply(event, id: stored.id)
        // What else has changed is in the event that was just inserted.
        if event.stage != before.stage || event.progress < before.progress {
            deployment.rowIsBehind = true
        }
        let commit = Commit(event: stored, change: .progress(event), record: deployment.record)
        return (commit, deployment)
    }

    private func append(
        _ event: WorkloadEvent,
        _ text: String,
        to deployment: Active
    ) throws(JournalError) -> (Commit, Active) {
        let kind = StoredEvent.Kind.workload(event.state)
        let stored = try insert(kind, event.deploymentID, deployment.number, text)
        // A container that comes and goes must not fill the disk.
        try run(
            """
            DELETE FROM events WHERE deployment = ?1 AND kind = 'workload' AND id <= (
                SELECT id FROM events WHERE deployment = ?1 AND kind = 'workload'
                ORDER BY id DESC LIMIT 1 OFFSET ?2
            )
            """,
            [.integer(deployment.number), .integer(Int64(Self.workloadEventLimit))],
            "forget a container's old events"
        )
        var deployment = deployment
        deployment.state.apply(event, id: stored.id)
        deployment.rowIsBehind = true
        return (Commit(event: stored, change: .workload, record: deployment.record), deployment)
    }

    private func delete(
        _ id: DeploymentID,
        _ number: Int64,
        _ moment: Timestamp,
        _ message: String
    ) throws(JournalError) -> StoredEvent {
        let json: JSONValue = [
            "deployment_id": .string(id.text),
            "timestamp": .string(moment.text),
            "message": .string(message),
        ]
        // Inserted for its id alone: it goes with the others, and no id is given again.
        let stored = try insert(.deleted, id, number, json.text)
        let operation = "delete a deployment"
        try run("DELETE FROM deployments WHERE number = ?", [.integer(number)], operation)
        return stored
    }

    /// Forgets which containers a deployment had created.
    private func disown(_ id: DeploymentID) throws(JournalError) {
        try run(
            "DELETE FROM containers WHERE deployment = ?",
            [.text(id.text)],
            "forget a deployment's containers"
        )
    }

    private func insert(
        _ kind: StoredEvent.Kind,
        _ id: DeploymentID,
        _ deployment: Int64,
        _ text: String
    ) throws(JournalError) -> StoredEvent {
        try run(
            "INSERT INTO events (deployment, kind, state, text) VALUES (?, ?, ?, ?)",
            [.integer(deployment), .text(kind.name), .text(kind.state), .text(text)],
            "insert an event"
        )
        return StoredEvent(id: lastInsertedRow, deploymentID: id, kind: kind, text: text)
    }

    /// Writes the deployment's row.
    func update(_ deployment: Active) throws(JournalError) {
        let state = deployment.state
        try run(
            """
            UPDATE deployments SET status = ?, stage = ?, progress = ?, updated_at = ?,
                finished_at = ?, state = ?, workload = ?
            WHERE number = ?
            """,
            [
                .text(state.status.rawValue), .text(state.stage.rawValue),
                .integer(Int64(state.progress)), .integer(state.updatedAt.microseconds),
                .optional(state.finishedAt?.microseconds), .text(state.json.text),
                .optional(state.workload?.state.rawValue), .integer(deployment.number),
            ],
            "update a deployment"
        )
    }
}

extension DeploymentState {
    /// Whether there may be a container in the engine although the deployment has ended.
    fileprivate var mayHaveContainer: Bool {
        guard let workload else { return failure?.left.isEmpty == false }
        return workload.state != .removed
    }
}

extension StoredEvent.Kind {
    /// What the column `kind` holds.
    fileprivate var name: String {
        switch self {
        case .progress: "progress"
        case .workload: "workload"
        case .deleted: "deleted"
        }
    }

    /// What the column `state` holds.
    fileprivate var state: String {
        switch self {
        case .progress(let stage): stage.rawValue
        case .workload(let state): state.rawValue
        case .deleted: ""
        }
    }
}
