import Deployments
import Journal

/// What a server that has ended left of a deployment, as the journal tells it.
struct ResumePoint: Sendable {
    /// The newest event's.
    let stage: Stage
    /// The names of the environment's values.
    let valueNames: [String]
    /// Whether the request came with credentials for a registry. They are gone.
    let hadCredentials: Bool
    /// The container that was stopped because the new one needs its port.
    let stoppedContainer: String?
    /// Whether it had been asked to end.
    let wasCancelled: Bool

    /// Reads what the journal has of a deployment.
    init(_ record: DeploymentRecord, in journal: any Journal) async throws(JournalError) {
        stage = record.state.stage
        valueNames = DeploymentRequest.environmentNames(record.deployment.request)
        hadCredentials = DeploymentRequest.registryAuthWasGiven(record.deployment.request)
        var stoppedContainer: String?
        var wasCancelled = false
        var last: Int64 = 0
        while true {
            let page = try await journal.events(
                of: record.deployment.id,
                after: last,
                limit: 500,
                maxBytes: 1 << 20
            )
            guard let newest = page.last else { break }
            last = newest.id
            for event in page {
                // What the journal gives is what was encoded.
                guard let detail = (try? JSONValue(parsing: Array(event.text.utf8)))?["detail"]
                else { continue }
                stoppedContainer = detail[Self.stopping]?.string ?? stoppedContainer
                wasCancelled = wasCancelled || detail[Self.cancelling]?.bool == true
            }
        }
        self.stoppedContainer = stoppedContainer
        self.wasCancelled = wasCancelled
    }

    private static let stopping = "stopping_container"
    private static let cancelling = "cancelling"

    /// The detail of the event that comes before a container is stopped.
    static func stopping(_ container: String) -> JSONValue {
        .object([JSONMember(stopping, .string(container))])
    }

    /// The detail of the event that a cancellation begins with.
    static let cancellation: JSONValue = .object([JSONMember(cancelling, .bool(true))])
}
