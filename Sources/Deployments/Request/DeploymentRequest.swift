/// A request for a deployment, all values of which have been checked.
public struct DeploymentRequest: Sendable, Equatable {
    /// The app: the request's `script_name`.
    public var app: String
    /// The environment that the app's deployments belong to.
    public var environment: String
    /// The source of the files to copy; nil if nothing is copied.
    public var source: DeploymentSource?
    /// The name that the container will have.
    public var containerName: String
    /// The image's reference.
    public var image: String
    /// How the image is built; nil if it is pulled.
    public var build: ImageBuild?
    /// The platform, `os/arch[/variant]`; nil for that of the engine.
    public var platform: String?
    /// The ports, in ascending order of container port, then name.
    public var ports: [PortMapping]
    /// The container's environment, which is secret.
    public var environmentValues: [String: String]
    /// The absolute path in the container that the files are copied to.
    public var containerPath: String
    /// When the image is pulled.
    public var pull: PullPolicy
    /// When the deployment counts as healthy.
    public var health: HealthPolicy
    /// What happens if the same container name is already being deployed.
    public var onConflict: ConflictPolicy
    /// When the files are copied into the container.
    public var copy: CopyOrder
    /// The command that replaces the image's own; empty for the image's.
    public var command: [String]
    /// The restart policy, in the form of `docker update --restart`.
    public var restart: String
    /// The limit of memory, in the form of `docker create --memory`.
    public var memory: String?
    /// The limit of processors, in the form of `docker create --cpus`.
    public var cpus: String?
    /// The network's name; nil for the engine's default.
    public var network: String?
    /// The caller's own labels for the container.
    public var labels: [String: String]
    /// The settings with which the container's program is run.
    public var settings: ContainerSettings
    /// Volumes and folders of the engine's machine.
    public var volumes: [ContainerMount]
    /// The contents of the files in `/run/secrets`, by name, which are secret.
    public var secrets: [String: String]
    /// The owner of the copied files, `1000:1000`; nil for the user that the program runs as.
    public var owner: String?
    /// The command that runs before the new container starts; nil for none.
    public var release: ReleaseCommand?
    /// How the new container takes over.
    public var update: UpdatePolicy
    /// The credentials for the pull, which are secret and never stored.
    public var registryAuth: Credentials?
    /// The credentials for the repository, which are secret and never stored.
    public var sourceAuth: Credentials?
    /// The caller's own object, which is stored and returned.
    public var metadata: JSONValue?
    /// The apps whose containers it may replace; nil for all apps of the tenant.
    public var replaceableApps: Set<String>?

    /// Creates a request with the defaults.
    public init(app: String, folder: String?, containerName: String, image: String) {
        self.app = app
        source = folder.map { .folder($0) }
        self.containerName = containerName
        self.image = image
        environment = "default"
        ports = []
        environmentValues = [:]
        containerPath = "/payload/\(app)"
        pull = .always
        health = HealthPolicy()
        onConflict = .queue
        copy = .afterStart
        command = []
        restart = "unless-stopped"
        labels = [:]
        settings = ContainerSettings()
        volumes = []
        secrets = [:]
        update = UpdatePolicy()
    }

    /// The folder of the machine that is copied; nil if the files come from elsewhere.
    public var folder: String? {
        if case .folder(let folder) = source { folder } else { nil }
    }

    /// The names of a request's fields.
    public static var fieldNames: [String] { RequestDecoding.fields }

    /// The folder of the secrets' files.
    public static let secretsFolder = "/run/secrets"

    /// The ports that are probed.
    public var probedPorts: [PortMapping] { ports.filter { $0.transport == .tcp } }

    /// The port whose URL is the endpoint: the one named `frontend`, or else the lowest container
    /// port.
    public var primaryPort: PortMapping? {
        probedPorts.first { $0.name == "frontend" }
            ?? probedPorts.min { ($0.container, $0.name) < ($1.container, $1.name) }
    }

    /// The names of the ports that must be healthy for the container to be healthy.
    public var requiredPorts: [String] {
        switch health.require {
        case .primary: primaryPort.map { [$0.name] } ?? []
        case .all: probedPorts.map(\.name)
        case .none: []
        case .named(let names): names
        }
    }

    /// Whether the engine's own health check counts, if the image or the request has one.
    public var heedsImageCheck: Bool { health.require != .none }

    /// The networks of the container; the one that it is created in is the first.
    public var attachments: [ContainerSettings.Attachment] {
        guard let network else { return settings.networks }
        let first = settings.networks.first { $0.network == network }
        return [first ?? ContainerSettings.Attachment(network: network)]
            + settings.networks.filter { $0.network != network }
    }
}

/// A container port and where it is published.
public struct PortMapping: Sendable, Hashable {
    /// The caller's name for the port.
    public var name: String
    /// The port in the container.
    public var container: UInt16
    /// The port of the host; nil for a free port that the engine chooses.
    public var host: UInt16?
    /// The address on which it is published; nil for the server's default.
    public var bind: String?
    /// The path that health checks request; nil for a check without a request.
    public var path: String?
    /// The transport protocol.
    public var transport: Transport

    /// The transport protocol of a port.
    public enum Transport: String, Sendable, CaseIterable {
        case tcp
        case udp
    }

    /// Creates a port.
    public init(
        name: String,
        container: UInt16,
        host: UInt16? = nil,
        bind: String? = nil,
        path: String? = nil,
        transport: Transport = .tcp
    ) {
        self.name = name
        self.container = container
        self.host = host
        self.bind = bind
        self.path = path
        self.transport = transport
    }
}

/// When the image is pulled.
public enum PullPolicy: String, Sendable, CaseIterable {
    /// The image is pulled every time.
    case always
    /// The image is pulled if the engine does not have it.
    case missing
    /// The image is never pulled: the engine must have it.
    case never
}

/// What happens if the same container name is already being deployed.
public enum ConflictPolicy: String, Sendable, CaseIterable {
    /// The request waits for its turn.
    case queue
    /// The request is refused.
    case reject
    /// The request waits, and supersedes those of the same name that still wait.
    case supersede
}

/// When a deployment counts as healthy.
public struct HealthPolicy: Sendable, Equatable {
    /// The time limit of the probes.
    public var timeoutSeconds: Int
    /// The ports that must be healthy in that time.
    public var require: Requirement

    /// The ports that must be healthy.
    public enum Requirement: Sendable, Equatable {
        /// The port whose URL is the endpoint.
        case primary
        /// Every port.
        case all
        /// No port.
        case none
        /// The ports with these names.
        case named([String])
    }

    /// Creates a policy; by default the primary port must be healthy within a minute.
    public init(timeoutSeconds: Int = 60, require: Requirement = .primary) {
        self.timeoutSeconds = timeoutSeconds
        self.require = require
    }
}

/// A name and a password for a registry or a repository. They are never stored.
public struct Credentials: Sendable, Equatable {
    /// The account's name.
    public var username: String
    /// The password or token.
    public var password: String

    /// Creates credentials.
    public init(username: String, password: String) {
        self.username = username
        self.password = password
    }
}
