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

/// A deployment in the journal, and how it stands.
public struct DeploymentRecord: Sendable, Equatable {
    /// Its place in the order in which deployments were asked for; positive, ascending.
    public let number: Int64
    /// What it began as.
    public let deployment: NewDeployment
    /// The fold of its events.
    public let state: DeploymentState
    /// What of its row cannot be read: the state is then what the events tell that can be.
    public let unreadable: [String]

    /// A deployment that stands so.
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

    /// The record as it is given to callers: what the deployment began as, then how it stands.
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

    /// What a list shows of the record: all but the metadata and what programs have printed.
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
    /// The first members of a record.
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
