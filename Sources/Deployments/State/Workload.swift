/// The state of the container of a successful deployment.
public enum WorkloadState: String, Sendable, Hashable, CaseIterable {
    /// Its program runs, and the ports that the deployment requires are healthy.
    case running
    /// Its program runs, but a required port or the image's own health check is not healthy.
    case unhealthy
    /// The engine is restarting its program.
    case restarting
    /// Its program was asked to stop.
    case stopping
    /// Its program has ended.
    case stopped
    /// The engine no longer has the container.
    case removed

    /// The step of the timeline that the state belongs to.
    public var step: WorkloadStep {
        switch self {
        case .running, .unhealthy, .restarting: .running
        case .stopping: .gracefulShutdown
        case .stopped, .removed: .stopped
        }
    }

    /// Whether its program serves, or soon will.
    public var isLive: Bool { step != .stopped }
}

/// The container of a deployment after its end, according to the newest event.
public struct Workload: Sendable, Equatable {
    /// The present state.
    public let state: WorkloadState
    /// The state before; nil if nothing has changed since the deployment.
    public let previous: WorkloadState?
    /// Whether each port is healthy, by port name.
    public let health: [String: Bool]
    /// The exit status of its program; nil while it runs.
    public let exitCode: Int?
    /// The URLs of its published ports.
    public let endpoints: WorkloadEndpoints
    /// The time since which it has the state.
    public let since: Timestamp

    /// Creates a workload.
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

    /// The workload after an event.
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

    /// The workload as it appears in a deployment's record.
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

    /// Parses what `json` writes; nil if a member is missing or malformed.
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

/// The URLs of a container's published ports. A free host port changes with every start.
public struct WorkloadEndpoints: Sendable, Equatable {
    /// The primary port's URL; nil if there is none or the container does not run.
    public var primary: String?
    /// The URLs by port name; empty while the container does not run.
    public var urls: [String: String]

    /// Creates endpoints; there are none by default.
    public init(primary: String? = nil, urls: [String: String] = [:]) {
        self.primary = primary
        self.urls = urls
    }
}

/// One change of the container of a successful deployment, as it is stored.
public struct WorkloadEvent: Sendable, Equatable {
    /// The deployment of the container.
    public let deploymentID: DeploymentID
    /// The time at which the change was noticed.
    public let timestamp: Timestamp
    /// A line for a person.
    public let message: String
    /// The container's new state.
    public let state: WorkloadState
    /// Whether each port is healthy, by port name.
    public let health: [String: Bool]
    /// The exit status of its program; nil while it runs.
    public let exitCode: Int?
    /// The URLs of its published ports.
    public let endpoints: WorkloadEndpoints

    /// Creates a change.
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

    /// Parses what `json` writes; nil if a member is missing or malformed.
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

    /// The event as JSON; `workload` is the workload after it.
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
