import Deployments
import Journal

/// What a server that has ended left of a deployment, as the journal tells it.
struct ResumePoint: Sendable {
    /// The stage of the newest event.
    let stage: Stage
    /// The names of the environment's values.
    let valueNames: [String]
    /// The names of the build's arguments.
    let buildArgumentNames: [String]
    /// The names of the secrets.
    let secretNames: [String]
    /// Whether the values and secrets were still in a file; then no container had all of them.
    let hasKeptValues: Bool
    /// Whether the request came with credentials for a registry, which are not kept.
    let hadCredentials: Bool
    /// Whether the request came with credentials for a repository, which are not kept.
    let hadSourceCredentials: Bool
    /// What the server had said it would do.
    let intents: Intents

    init(_ record: DeploymentRecord, _ intents: Intents, hasKeptValues: Bool) {
        stage = record.state.stage
        valueNames = DeploymentRequest.environmentNames(record.deployment.request)
        buildArgumentNames = DeploymentRequest.buildArgumentNames(record.deployment.request)
        secretNames = DeploymentRequest.secretNames(record.deployment.request)
        self.hasKeptValues = hasKeptValues
        hadCredentials = DeploymentRequest.registryAuthWasGiven(record.deployment.request)
        hadSourceCredentials = DeploymentRequest.sourceAuthWasGiven(record.deployment.request)
        self.intents = intents
    }
}

extension Intent {
    /// The detail of the event with which the intent is committed.
    var detail: JSONValue? {
        switch self {
        case .cancelling: ["cancelling": .bool(true)]
        case .stopping(let container): ["stopping_container": .string(container)]
        case .releasing(let container): ["release_container": .string(container)]
        case .fetched, .released, .takingOver, .undoing: nil
        }
    }
}
