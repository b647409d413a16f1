public import Deployments

/// A deployment as it is first stored.
public struct NewDeployment: Sendable, Equatable {
    /// The deployment's id.
    public let id: DeploymentID
    /// The tenant that owns it.
    public let tenant: String
    /// The app that is deployed.
    public let app: String
    /// The environment that the deployment belongs to.
    public let environment: String
    /// The name that the container will have.
    public let containerName: String
    /// The image's reference as in the request.
    public let image: String
    /// The order in which files are copied and the container is started.
    public let copy: CopyOrder
    /// The time of the request.
    public let createdAt: Timestamp
    /// The request as in `DeploymentRequest.json`, without secrets.
    public let request: JSONValue

    /// Creates the deployment of a request.
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

    package init(
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

/// A stored deployment with its present state.
public struct DeploymentRecord: Sendable, Equatable {
    /// Its number in the order of requests; positive and ascending.
    public let number: Int64
    /// The deployment as it was first stored.
    public let deployment: NewDeployment
    /// The state that results from its events.
    public let state: DeploymentState
    /// The parts of its row that cannot be read. If there are any, the state results from the
    /// events that can be read.
    public let unreadable: [String]

    /// Creates a record.
    public init(
        number: Int64,
        deployment: NewDeployment,
        state: DeploymentState,
        unreadable: [String] = []
    ) {
        self.number = number
        self.deployment = deployment
        self.state = state
        self.unreadable = unreadable
    }

    /// The record as callers receive it: the deployment as it was first stored, then its state.
    public var json: JSONValue {
        .object(
            deployment.members(number)
                + [
                    JSONMember("metadata", deployment.request["metadata"] ?? .null),
                    JSONMember("settings", deployment.request["settings"] ?? .object([])),
                ]
                + (state.json.members ?? [])
        )
    }

    /// The record as lists show it, without the metadata and without the output of programs.
    public var row: JSONValue {
        .object(
            deployment.members(number)
                + (state.json.members ?? []).map { member in
                    guard member.name == "failure", let failure = member.value.members else {
                        return member
                    }
                    let kept = failure.filter { !Failure.tailNames.contains($0.name) }
                    return JSONMember("failure", .object(kept))
                }
        )
    }
}

extension NewDeployment {
    /// The first members of a record's JSON.
    fileprivate func members(_ number: Int64) -> [JSONMember] {
        [
            JSONMember("id", .string(id.text)),
            JSONMember("number", .integer(number)),
            JSONMember("app", .string(app)),
            JSONMember("environment", .string(environment)),
            JSONMember("tenant", .string(tenant)),
            JSONMember("container_name", .string(containerName)),
            JSONMember("image", .string(image)),
        ]
    }
}
