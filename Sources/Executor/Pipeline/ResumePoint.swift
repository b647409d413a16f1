import Deployments
import Journal

/// What a server that has ended left of a deployment, as the journal tells it.
struct ResumePoint: Sendable {
    /// The newest event's.
    let stage: Stage
    /// The names of the environment's values.
    let valueNames: [String]
    /// The names of the build's arguments.
    let buildArgumentNames: [String]
    /// The names of the secrets.
    let secretNames: [String]
    /// Whether the values and secrets lay in a file still: then no container had all of them.
    let hasKeptValues: Bool
    /// Whether the request came with credentials for a registry. They are gone.
    let hadCredentials: Bool
    /// Whether the request came with credentials for a repository. They are gone.
    let hadSourceCredentials: Bool
    /// What it had set out to do.
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
    /// What the event says that the intent is committed with.
    var detail: JSONValue? {
        switch self {
        case .cancelling: ["cancelling": .bool(true)]
        case .stopping(let container): ["stopping_container": .string(container)]
        case .releasing(let container): ["release_container": .string(container)]
        case .fetched, .released, .takingOver, .undoing: nil
        }
    }
}
