public import Deployments

/// A deployment as it enters the journal.
public struct NewDeployment: Sendable, Equatable {
    /// The deployment's name.
    public let id: DeploymentID
    /// Who owns it.
    public let tenant: String
    /// What is deployed.
    public let app: String
    /// Where the app's deployments belong together.
    public let environment: String
    /// The name the container is to have.
    public let containerName: String
    /// The image's reference as asked for.
    public let image: String
    /// The order of the pipeline's steps.
    public let copy: CopyOrder
    /// When it was asked for.
    public let createdAt: Timestamp
    /// The request as `DeploymentRequest.json` gives it: without secrets.
    public let request: JSONValue

    /// The deployment that a request asks for.
    public init(
        id: DeploymentID,
        tenant: String,
        request: DeploymentRequest,
        createdAt: Timestamp
    ) {
        self.init(
            id: id,
            tenant: tenant,
            app: request.app,
            environment: request.environment,
            containerName: request.containerName,
            image: request.image,
            copy: request.copy,
            createdAt: createdAt,
            request: request.json
        )
    }

    init(
        id: DeploymentID,
        tenant: String,
        app: String,
        environment: String,
        containerName: String,
        image: String,
        copy: CopyOrder,
        createdAt: Timestamp,
        request: JSONValue
    ) {
        self.id = id
        self.tenant = tenant
        self.app = app
        self.environment = environment
        self.containerName = containerName
        self.image = image
        self.copy = copy
        self.createdAt = createdAt
        self.request = request
    }
}

/// A deployment in the journal, and how it stands.
public struct DeploymentRecord: Sendable, Equatable {
    /// What it began as.
    public let deployment: NewDeployment
    /// The fold of its events.
    public let state: DeploymentState

    /// A deployment that stands so.
    public init(deployment: NewDeployment, state: DeploymentState) {
        self.deployment = deployment
        self.state = state
    }

    /// The record as it is given to callers.
    public var json: JSONValue {
        [
            "id": .string(deployment.id.text),
            "app": .string(deployment.app),
            "environment": .string(deployment.environment),
            "tenant": .string(deployment.tenant),
            "container_name": .string(deployment.containerName),
            "image": .string(deployment.image),
            "status": .string(state.status.rawValue),
            "stage": .string(state.stage.rawValue),
            "progress": .integer(state.progress),
            "created_at": .string(state.createdAt.text),
            "updated_at": .string(state.updatedAt.text),
            "finished_at": .optional(state.finishedAt?.text),
            "stages": .array(state.stages.map(\.json)),
            "result": state.result?.json ?? .null,
            "failure": state.failure?.json ?? .null,
            "metadata": deployment.request["metadata"] ?? .null,
            "workload": state.workload?.json ?? .null,
        ]
    }
}
