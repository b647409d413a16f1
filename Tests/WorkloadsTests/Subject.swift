import Deployments
import Docker
import Engine
import Testing

@testable import Workloads

/// A deployment of two ports, of which the first is required.
struct Subject {
    static let container = String(repeating: "ab", count: 32)
    let id = DeploymentID()
    var request: DeploymentRequest
    var workload: WorkloadEvent?
    /// The container whose place its own has taken.
    var replaced: String?

    init(require: HealthPolicy.Requirement = .primary) {
        request = DeploymentRequest(app: "shop", folder: "/f", containerName: "shop", image: "a:1")
        request.ports = [
            PortMapping(name: "frontend", container: 3000),
            PortMapping(name: "backend", container: 8000),
        ]
        request.health = HealthPolicy(require: require)
        request.environmentValues = ["TOKEN": "secret"]
    }

    /// The deployment's last event.
    func final(_ stage: Stage = .completed) -> Event {
        var result = DeploymentResult(
            success: stage == .completed,
            message: "",
            containerName: "shop",
            image: "a:1"
        )
        result.containerID = String(Self.container.prefix(12))
        result.replaced = replaced
        result.healthStatus = ["frontend": true, "backend": false]
        result.urls = [
            "frontend": "http://localhost:40000", "backend": "http://localhost:40001",
        ]
        result.endpointURL = "http://localhost:40000"
        return Event(
            deploymentID: id,
            timestamp: Timestamp(microseconds: 1),
            message: "",
            stage: stage,
            progress: 100,
            outcome: .init(result: result)
        )
    }

    /// The deployment after its success, and after `workload`.
    var state: DeploymentState {
        var state = DeploymentState(createdAt: Timestamp(microseconds: 0), copy: .afterStart)
        state.apply(final(), id: 1)
        if let workload { state.apply(workload, id: 2) }
        return state
    }

    func followed(at now: ContinuousClock.Instant) throws -> MonitoredWorkload {
        try #require(
            MonitoredWorkload(
                id: id,
                request: request.json,
                state: state,
                options: WorkloadOptions(),
                now: now
            )
        )
    }

    /// The container as the engine would tell of it.
    static func inspection(
        _ status: String,
        run: Int = 1,
        exitCode: Int = 0,
        health: String? = nil,
        oomKilled: Bool = false
    ) throws -> Container {
        let line = line(status, run: run, exitCode: exitCode, health: health, oomKilled: oomKilled)
        return try #require(Container.decode(Array(line.utf8)).first)
    }

    /// The container as `docker container inspect` prints it.
    static func line(
        _ status: String,
        run: Int = 1,
        exitCode: Int = 0,
        health: String? = nil,
        oomKilled: Bool = false,
        id: String = container,
        name: String = "shop",
        label: String = ""
    ) -> String {
        let isUp = status == "running" || status == "paused"
        let first = 40_000 + (run - 1) * 2
        let ports =
            #""3000/tcp":[{"HostIp":"127.0.0.1","HostPort":"\#(first)"}],"#
            + #""8000/tcp":[{"HostIp":"127.0.0.1","HostPort":"\#(first + 1)"}]"#
        let check = health.map { #","Health":{"Status":"\#($0)"}"# } ?? ""
        return
            #"{"id":"\#(id)","name":"/\#(name)","image":"sha256:1","state":{"#
            + #""Status":"\#(status)","Running":\#(isUp),"ExitCode":\#(exitCode),"#
            + #""OOMKilled":\#(oomKilled),"StartedAt":"run \#(run)"\#(check)},"restarts":0,"#
            + #""ports":{\#(isUp ? ports : "")},"labels":{"slipway.deployment":"\#(label)"},"healthcheck":null,"memory":0,"#
            + #""bindings":{}}"#
    }
}
