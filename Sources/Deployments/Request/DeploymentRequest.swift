/// What is to be deployed: a request whose every value has been checked.
public struct DeploymentRequest: Sendable, Equatable {
    /// The app: the request's `script_name`.
    public var app: String
    /// Where the app's deployments belong together.
    public var environment: String
    /// Where the files come from that are copied; nil where nothing is.
    public var source: DeploymentSource?
    /// The name the container is to have.
    public var containerName: String
    /// The image's reference.
    public var image: String
    /// How the image is built; nil where it is pulled.
    public var build: ImageBuild?
    /// `os/arch[/variant]`; nil for the engine's own.
    public var platform: String?
    /// In ascending order of container port, then name.
    public var ports: [PortMapping]
    /// The container's environment. Secret.
    public var environmentValues: [String: String]
    /// Where in the container the folder's content lands; absolute.
    public var containerPath: String
    /// When the image is pulled.
    public var pull: PullPolicy
    /// When the deployment counts as healthy.
    public var health: HealthPolicy
    /// What happens while the same container name is being deployed.
    public var onConflict: ConflictPolicy
    /// When the folder's content goes into the container.
    public var copy: CopyOrder
    /// Replaces the image's own command; empty for the image's.
    public var command: [String]
    /// As `docker update --restart` takes it.
    public var restart: String
    /// As `docker create --memory` takes it.
    public var memory: String?
    /// As `docker create --cpus` takes it.
    public var cpus: String?
    /// The network's name; nil for the engine's default.
    public var network: String?
    /// The caller's own labels for the container.
    public var labels: [String: String]
    /// How the container's program is run.
    public var settings: ContainerSettings
    /// Volumes and folders of the engine's machine.
    public var volumes: [ContainerMount]
    /// The contents of the files in `/run/secrets`, by name. Secret.
    public var secrets: [String: String]
    /// Whose the copied files are: `1000:1000`; nil for whom the program runs as.
    public var owner: String?
    /// What is run before the new container is started; nil for nothing.
    public var release: ReleaseCommand?
    /// How the new container takes over.
    public var update: UpdatePolicy
    /// Credentials for the pull. Secret, and never kept.
    public var registryAuth: Credentials?
    /// Credentials for the repository. Secret, and never kept.
    public var sourceAuth: Credentials?
    /// The caller's own object, kept and given back.
    public var metadata: JSONValue?
    /// The apps whose containers it may take the place of; nil for all of the tenant's.
    public var replaceableApps: Set<String>?

    /// A request that asks for the defaults.
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

    /// The folder of the machine that is copied; nil where the files come from elsewhere.
    public var folder: String? {
        if case .folder(let folder) = source { folder } else { nil }
    }

    /// The names of a request's fields.
    public static var fieldNames: [String] { RequestDecoding.fields }

    /// Where the secrets' files are.
    public static let secretsFolder = "/run/secrets"

    /// The ports that are probed.
    public var probedPorts: [PortMapping] { ports.filter { $0.transport == .tcp } }

    /// The port whose URL is the endpoint: `frontend`, else the lowest container port.
    public var primaryPort: PortMapping? {
        probedPorts.first { $0.name == "frontend" }
            ?? probedPorts.min { ($0.container, $0.name) < ($1.container, $1.name) }
    }

    /// The names of the ports without which the container is not healthy.
    public var requiredPorts: [String] {
        switch health.require {
        case .primary: primaryPort.map { [$0.name] } ?? []
        case .all: probedPorts.map(\.name)
        case .none: []
        case .named(let names): names
        }
    }

    /// Whether the engine's own check counts, where the image or the request has one.
    public var heedsImageCheck: Bool { health.require != .none }

    /// The networks that the container is on, the one that it is created in first.
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
    /// nil for a free port of the engine's choice.
    public var host: UInt16?
    /// The address it is published on; nil for the server's.
    public var bind: String?
    /// The path that health checks ask for; nil for the default probe.
    public var path: String?
    /// What it carries.
    public var transport: Transport

    /// What a port carries.
    public enum Transport: String, Sendable, CaseIterable {
        case tcp
        case udp
    }

    /// A port by its name in the request.
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
    /// Every time.
    case always
    /// Where the engine does not have it.
    case missing
    /// Not at all: the engine must have it.
    case never
}

/// What happens while the same container name is being deployed.
public enum ConflictPolicy: String, Sendable, CaseIterable {
    /// The request waits for its turn.
    case queue
    /// The request is refused.
    case reject
    /// The request waits, and ends those of the name that still wait.
    case supersede
}

/// When a deployment counts as healthy.
public struct HealthPolicy: Sendable, Equatable {
    /// How long the probes may take.
    public var timeoutSeconds: Int
    /// Which ports must be healthy in that time.
    public var require: Requirement

    /// Which ports must be healthy.
    public enum Requirement: Sendable, Equatable {
        /// The one whose URL is the endpoint.
        case primary
        /// Every port.
        case all
        /// No port.
        case none
        /// The ports of these names.
        case named([String])
    }

    /// A policy; by default the primary port within a minute.
    public init(timeoutSeconds: Int = 60, require: Requirement = .primary) {
        self.timeoutSeconds = timeoutSeconds
        self.require = require
    }
}

/// A name and a password for a registry or a repository. Never kept.
public struct Credentials: Sendable, Equatable {
    /// The account's name.
    public var username: String
    /// The password or token.
    public var password: String

    /// Credentials.
    public init(username: String, password: String) {
        self.username = username
        self.password = password
    }
}
