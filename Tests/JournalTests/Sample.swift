import Deployments
import Journal
import Synchronization

@testable import SQLiteStore

/// Deployments and events to keep.
struct Sample {
    let deployment: NewDeployment

    init(
        app: String = "shop",
        environment: String = "default",
        tenant: String = "default",
        copy: CopyOrder = .afterStart,
        image: String? = nil,
        createdAt: Timestamp = Timestamp(microseconds: 1_000_000)
    ) {
        var request = DeploymentRequest(
            app: app,
            folder: "/srv/\(app)",
            containerName: "fractalic-\(app)",
            image: image ?? "localhost:5000/\(app):1"
        )
        request.environment = environment
        request.copy = copy
        request.metadata = ["build": .integer(17)]
        deployment = NewDeployment(
            id: DeploymentID(),
            tenant: tenant,
            request: request,
            createdAt: createdAt
        )
    }

    var id: DeploymentID { deployment.id }

    func key(_ text: String, body: JSONValue = .null) -> IdempotencyKey {
        IdempotencyKey(tenant: deployment.tenant, text: text, fingerprint: body.fingerprint)
    }

    func workload(_ state: WorkloadState, after seconds: Int64 = 3) -> WorkloadEvent {
        WorkloadEvent(
            deploymentID: id,
            timestamp: Timestamp(
                microseconds: deployment.createdAt.microseconds + seconds * 1_000_000
            ),
            message: "The container is \(state.rawValue)",
            state: state,
            health: [:]
        )
    }

    func event(_ stage: Stage, _ progress: Int, message: String = "At work") -> Event {
        var outcome: Event.Outcome?
        if stage.isFinal {
            let result = DeploymentResult(
                success: stage == .completed,
                message: message,
                containerName: deployment.containerName,
                image: deployment.image
            )
            outcome = Event.Outcome(
                result: result,
                failure: stage == .completed
                    ? nil
                    : Failure(
                        code: .internal,
                        stage: .pullingImage,
                        message: message,
                        hint: "Retry"
                    )
            )
        }
        return Event(
            deploymentID: id,
            timestamp: Timestamp(
                microseconds: deployment.createdAt.microseconds + 1_000_000 + Int64(progress)
            ),
            message: message,
            stage: stage,
            progress: progress,
            outcome: outcome
        )
    }
}

/// What was published, in order.
final class Published: Sendable {
    private let batches = Mutex<[[StoredEvent]]>([])

    var events: [StoredEvent] { batches.withLock { $0.flatMap(\.self) } }
    var count: Int { batches.withLock { $0.count } }

    /// Takes what the journal commits from now on, until it is closed.
    func follow(_ journal: any Journal) {
        let commits = journal.commits()
        Task {
            for await group in commits { batches.withLock { $0.append(group.map(\.event)) } }
        }
    }
}

extension Journal {
    /// Keeps a deployment that was asked for without a key.
    @discardableResult
    func create(
        _ deployment: NewDeployment,
        first event: Event
    ) async throws(JournalError) -> StoredEvent {
        try await create(deployment, first: event, key: nil)
    }

    /// Keeps a deployment from its first event to its end.
    func keep(
        _ sample: Sample,
        end: Stage = .completed,
        then state: WorkloadState? = nil
    ) async throws(JournalError) {
        try await create(sample.deployment, first: sample.event(.validating, 5))
        _ = try await append(sample.event(end, 100), durability: .grouped)
        if let state { _ = try await append(sample.workload(state)) }
    }

    /// All events of a deployment.
    func all(_ id: DeploymentID) async throws -> [StoredEvent] {
        try await events(of: id, after: 0, limit: .max, maxBytes: .max)
    }

    /// Whether the record is what its events fold to.
    func isConsistent(_ id: DeploymentID) async throws -> Bool {
        guard let record = try await record(of: id) else { return try await all(id).isEmpty }
        var state = DeploymentState(
            createdAt: record.deployment.createdAt,
            copy: record.deployment.copy
        )
        for stored in try await all(id) {
            let json = try JSONValue(parsing: Array(stored.text.utf8))
            guard let event = Event(json: json) else { return false }
            state.apply(event, id: stored.id)
        }
        return state == record.state
    }
}

extension JournalWriter {
    /// Does something with the connection, on the writer's queue.
    func withConnection<Value: Sendable>(
        _ body: @Sendable (SQLiteConnection) throws(JournalError) -> Value
    ) throws(JournalError) -> Value {
        guard let connection else { throw .closed("test") }
        return try body(connection)
    }
}
