/// How the container of a successful deployment stands.
public enum WorkloadState: String, Sendable, Hashable, CaseIterable {
    /// Its program runs, and what the deployment required of its ports is healthy.
    case running
    /// Its program runs, but a required port, or the image's own check, is not healthy.
    case unhealthy
    /// The engine is starting its program again.
    case restarting
    /// It was told to stop.
    case stopping
    /// Its program has ended.
    case stopped
    /// The engine has it no more.
    case removed

    /// The step of the timeline that the state belongs to.
    public var step: WorkloadStep {
        switch self {
        case .running, .unhealthy, .restarting: .running
        case .stopping: .gracefulShutdown
        case .stopped, .removed: .stopped
        }
    }

    /// Whether there is a program that serves, or soon will.
    public var isLive: Bool { step != .stopped }
}

/// A deployment's container after the deployment, as the newest of its events tells.
public struct Workload: Sendable, Equatable {
    /// How it stands.
    public let state: WorkloadState
    /// How it stood before; nil if nothing has changed since the deployment.
    public let previous: WorkloadState?
    /// Whether healthy, by port name.
    public let health: [String: Bool]
    /// The exit status of its program; nil while it runs.
    public let exitCode: Int?
    /// Where its ports are published.
    public let endpoints: WorkloadEndpoints
    /// When it came to stand so.
    public let since: Timestamp

    /// A container that stands so.
    public init(
        state: WorkloadState,
        previous: WorkloadState?,
        health: [String: Bool],
        exitCode: Int?,
        endpoints: WorkloadEndpoints = WorkloadEndpoints(),
        since: Timestamp
    ) {
        self.state = state
        self.previous = previous
        self.health = health
        self.exitCode = exitCode
        self.endpoints = endpoints
        self.since = since
    }

    /// What an event makes of it.
    public func after(_ event: WorkloadEvent) -> Workload {
        Workload(
            state: event.state,
            previous: state,
            health: event.health,
            exitCode: event.exitCode,
            endpoints: event.endpoints,
            since: event.state == state ? since : event.timestamp
        )
    }

    /// The workload as it stands in a deployment's record.
    public var json: JSONValue {
        [
            "state": .string(state.rawValue),
            "previous_state": .optional(previous?.rawValue),
            "health": .object(
                health.sorted { $0.key < $1.key }.map { JSONMember($0.key, .bool($0.value)) }
            ),
            "exit_code": exitCode.map { .integer($0) } ?? .null,
            "endpoint_url": .optional(endpoints.primary),
            "urls": .object(
                endpoints.urls.sorted { $0.key < $1.key }
                    .map { JSONMember($0.key, .string($0.value)) }
            ),
            "since": .string(since.text),
        ]
    }

    /// Reads what `json` writes; nil if a member is missing or malformed.
    public init?(json: JSONValue) {
        guard let state = json["state"]?.string.flatMap(WorkloadState.init(rawValue:)),
            let health = json["health"]?.members,
            let since = json["since"]?.string.flatMap(Timestamp.init(text:))
        else { return nil }
        self.init(
            state: state,
            previous: json["previous_state"]?.string.flatMap(WorkloadState.init(rawValue:)),
            health: Dictionary(
                health.compactMap { member in member.value.bool.map { (member.name, $0) } },
                uniquingKeysWith: { _, last in last }
            ),
            exitCode: json["exit_code"]?.integer.map { Int($0) },
            endpoints: WorkloadEndpoints(
                primary: json["endpoint_url"]?.string,
                urls: Dictionary(
                    (json["urls"]?.members ?? []).compactMap { member in
                        member.value.string.map { (member.name, $0) }
                    },
                    uniquingKeysWith: { _, last in last }
                )
            ),
            since: since
        )
    }
}

/// Where a container's ports are published. A free host port is another after every start.
public struct WorkloadEndpoints: Sendable, Equatable {
    /// The primary port's URL; nil if there is none, or the container does not run.
    public var primary: String?
    /// URL by port name; empty while the container does not run.
    public var urls: [String: String]

    /// Endpoints; none by default.
    public init(primary: String? = nil, urls: [String: String] = [:]) {
        self.primary = primary
        self.urls = urls
    }
}

/// One change of the container of a successful deployment, as it is kept.
public struct WorkloadEvent: Sendable, Equatable {
    /// Whose container it is.
    public let deploymentID: DeploymentID
    /// When it was noticed.
    public let timestamp: Timestamp
    /// A line for a person.
    public let message: String
    /// How the container stands now.
    public let state: WorkloadState
    /// Whether healthy, by port name.
    public let health: [String: Bool]
    /// The exit status of its program; nil while it runs.
    public let exitCode: Int?
    /// Where its ports are published now.
    public let endpoints: WorkloadEndpoints

    /// A change.
    public init(
        deploymentID: DeploymentID,
        timestamp: Timestamp,
        message: String,
        state: WorkloadState,
        health: [String: Bool],
        exitCode: Int? = nil,
        endpoints: WorkloadEndpoints = WorkloadEndpoints()
    ) {
        self.deploymentID = deploymentID
        self.timestamp = timestamp
        self.message = message
        self.state = state
        self.health = health
        self.exitCode = exitCode
        self.endpoints = endpoints
    }

    /// Reads what `json` writes; nil if a member is missing or malformed.
    public init?(json: JSONValue) {
        guard let id = json["deployment_id"]?.string.flatMap(DeploymentID.init),
            let timestamp = json["timestamp"]?.string.flatMap(Timestamp.init(text:)),
            let message = json["message"]?.string,
            let workload = json["workload"].flatMap(Workload.init(json:))
        else { return nil }
        self.init(
            deploymentID: id,
            timestamp: timestamp,
            message: message,
            state: workload.state,
            health: workload.health,
            exitCode: workload.exitCode,
            endpoints: workload.endpoints
        )
    }

    /// The event as JSON; `workload` is what it has made of the workload.
    public func json(_ workload: Workload) -> JSONValue {
        [
            "deployment_id": .string(deploymentID.text),
            "timestamp": .string(timestamp.text),
            "message": .string(message),
            "stage": .string(state.step.rawValue),
            "workload": workload.json,
        ]
    }
}
