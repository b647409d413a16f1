import Deployments
public import Engine
public import Streams
public import Subprocess

/// How a container is created: a docker command, what it reads, and what its outcome means.
///
/// The variables' values come by the command's standard input alone. `docker create` reads them as
/// the lines of an environment file. What no line can hold (a value with a line feed, one that is
/// very long, or one that the client's `proxies` would override) goes with everything else to the
/// engine's own interface (`POST /containers/create`), to which the client connects its standard
/// input wherever the engine is.
public struct ContainerCreation: Sendable {
    /// The command, to be run with the input.
    public let command: DockerCommand
    private let bytes: [UInt8]?
    private let isRequest: Bool

    /// - Parameter configuration: that of the runner, for the client's proxies.
    public init(
        _ specification: ContainerSpecification,
        _ environment: ContainerEnvironment,
        configuration: DockerConfiguration
    ) {
        let lines = environment.fileText
        isRequest = lines == nil
        if let lines {
            command = .create(specification, readingEnvironment: !lines.isEmpty)
            bytes = lines.isEmpty ? nil : Array(lines.utf8)
        } else {
            command = .engineRequest()
            bytes = EngineRequest.post(
                "/containers/create?\(specification.query)",
                specification.json(environment.entries(with: ClientProxies(configuration)))
            )
        }
    }

    /// What the command reads, for one run.
    public var input: (any ByteSource)? {
        bytes.map { GivenInput($0, staysOpen: isRequest) }
    }

    /// The outcome as `docker create` would have told it: the id in the output, or errors.
    public func outcome(_ outcome: CommandOutcome) -> CommandOutcome {
        guard isRequest else { return outcome }
        return EngineRequest.outcome(outcome) { $0["Id"]?.string }
    }
}

extension ContainerSpecification {
    /// What follows the `?` of the engine's request.
    var query: String {
        // Neither a name nor a platform has a character that would have to be escaped.
        "name=\(name)" + (platform.map { "&platform=\($0)" } ?? "")
    }

    /// The engine's request for the container that `parameters` describe.
    func json(_ environment: [String]) -> JSONValue {
        var members = [
            JSONMember("Image", .string(image)),
            JSONMember("Env", .strings(environment)),
            JSONMember("Labels", .strings(labels)),
            JSONMember("AttachStdout", .bool(true)),
            JSONMember("AttachStderr", .bool(true)),
            JSONMember(
                "ExposedPorts",
                .object(Set(ports.map(\.container)).sorted().map { JSONMember("\($0)/tcp", [:]) })
            ),
            JSONMember("HostConfig", hostSettings),
        ]
        if !command.isEmpty { members.append(JSONMember("Cmd", .strings(command))) }
        return .object(members)
    }

    private var hostSettings: JSONValue {
        let policy = restart.split(separator: ":", maxSplits: 1)
        let bindings = Dictionary(grouping: ports, by: \.container).sorted { $0.key < $1.key }
        return [
            "NetworkMode": .string(network ?? "default"),
            "RestartPolicy": [
                "Name": .string(policy.first.map(String.init) ?? ""),
                "MaximumRetryCount": .integer(policy.count > 1 ? Int64(policy[1]) ?? 0 : 0),
            ],
            "Memory": .integer(memory.flatMap(DeploymentRequest.memoryBytes) ?? 0),
            "NanoCpus": .integer(cpus.flatMap(Self.billionths) ?? 0),
            "PortBindings": .object(
                bindings.map { port, mappings in
                    JSONMember(
                        "\(port)/tcp",
                        .array(
                            mappings.map { mapping in
                                [
                                    "HostIp": .string(mapping.bind ?? publishAddress),
                                    "HostPort": .string(mapping.host.map(String.init) ?? ""),
                                ]
                            }
                        )
                    )
                }
            ),
        ]
    }

    /// A decimal number of at most nine digits before the point, and nine behind it.
    private static func billionths(_ text: String) -> Int64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let fraction = parts.count > 1 ? String(parts[1]) : ""
        guard parts.count <= 2, fraction.count <= 9 else { return nil }
        return Int64(parts[0] + fraction + String(repeating: "0", count: 9 - fraction.count))
    }
}

extension JSONValue {
    fileprivate static func strings(_ table: [String: String]) -> JSONValue {
        .object(table.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) })
    }
}
