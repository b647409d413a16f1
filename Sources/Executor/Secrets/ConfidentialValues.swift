import Deployments
import Engine

/// The values that only the container may see.
struct ConfidentialValues: Sendable, Equatable {
    /// The environment's values by name.
    var environment: [String: String] = [:]
    /// The contents of the secrets' files by name.
    var secrets: [String: String] = [:]
    /// The values of the build's arguments by name.
    var buildArguments: [String: String] = [:]

    var isEmpty: Bool { environment.isEmpty && secrets.isEmpty && buildArguments.isEmpty }
    var all: [String] {
        Array(environment.values) + Array(secrets.values) + Array(buildArguments.values)
    }

    /// The values as they are stored.
    var json: JSONValue {
        func object(_ values: [String: String]) -> JSONValue {
            .object(values.sorted { $0.key < $1.key }.map { JSONMember($0.key, .string($0.value)) })
        }
        return [
            "environment": object(environment), "secrets": object(secrets),
            "build_arguments": object(buildArguments),
        ]
    }

    init(
        environment: [String: String] = [:],
        secrets: [String: String] = [:],
        buildArguments: [String: String] = [:]
    ) {
        self.environment = environment
        self.secrets = secrets
        self.buildArguments = buildArguments
    }

    /// Reads what `json` has written.
    init(json: JSONValue) {
        func values(_ name: String) -> [String: String] {
            let members = json[name]?.members ?? []
            return Dictionary(
                members.map { ($0.name, $0.value.string ?? "") },
                uniquingKeysWith: { _, last in last }
            )
        }
        environment = values("environment")
        secrets = values("secrets")
        buildArguments = values("build_arguments")
        // Older versions have written only the environment's values.
        if json["environment"]?.members == nil {
            for member in json.members ?? [] {
                environment[member.name] = member.value.string ?? ""
            }
        }
    }
}

extension DeploymentRequest {
    /// The values of the request that only the container may see.
    var confidentialValues: ConfidentialValues {
        get {
            ConfidentialValues(
                environment: environmentValues,
                secrets: secrets,
                buildArguments: build?.arguments ?? [:]
            )
        }
        set {
            environmentValues = newValue.environment
            secrets = newValue.secrets
            build?.arguments = newValue.buildArguments
        }
    }

    /// The values that only the container, the registry and the repository may see.
    var masked: [String] {
        confidentialValues.all
            + [registryAuth, sourceAuth].compactMap(\.self)
            .flatMap { [$0.password, $0.encoded] }
    }
}
