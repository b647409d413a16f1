/// How the container's program is run: names and meaning are those of a service in the Compose
/// Specification (https://github.com/compose-spec/compose-spec/blob/main/05-services.md).
public struct ContainerSettings: Sendable, Equatable {
    /// Replaces the image's own; one without words takes it away. nil for the image's.
    public var entrypoint: [String]?
    /// Whom the program runs as: `name`, `1000` or `1000:1000`; nil for the image's.
    public var user: String?
    /// Where the program begins; absolute. nil for the image's.
    public var workingFolder: String?
    /// The name that the container has for itself.
    public var hostname: String?
    /// Whether a small program runs as the first one, and passes signals on; nil for the engine's
    /// choice.
    public var hasInit: Bool?
    /// Whether the root file system cannot be written.
    public var isReadOnly = false
    /// File systems in memory, with their options, by absolute path.
    public var tmpfs: [String: String] = [:]
    /// The size of `/dev/shm` in bytes.
    public var sharedMemory: Int64?
    /// Resource limits by name: `nofile`.
    public var resourceLimits: [String: ResourceLimit] = [:]
    /// How many processes and threads there may be; -1 for any number.
    public var processLimit: Int64?
    /// Capabilities that are taken away: `NET_RAW`, `ALL`.
    public var droppedCapabilities: [String] = []
    /// Names that the container finds without asking a name server.
    public var hosts: [HostEntry] = []
    /// The addresses of the name servers.
    public var nameServers: [String] = []
    /// What asks the program to end: `SIGINT`; nil for the image's.
    public var stopSignal: String?
    /// How many seconds the program has to end before it is killed; nil for the server's choice.
    public var stopGracePeriod: Int?
    /// The engine's own check of the container.
    public var check: Check?
    /// The networks beside `network`.
    public var networks: [Attachment] = []
    /// Where the container's output goes; nil for the server's choice.
    public var logging: Logging?
    /// What gives the container more of the machine than others have.
    public var privileges = Privileges()

    /// How much of a resource there may be.
    public struct ResourceLimit: Sendable, Equatable {
        /// What holds; -1 for no limit.
        public var soft: Int64
        /// Up to which the program may raise it; -1 for no limit.
        public var hard: Int64
    }

    /// A name and its address.
    public struct HostEntry: Sendable, Hashable {
        /// The name.
        public var name: String
        /// An IP address, or `host-gateway`.
        public var address: String
    }

    /// The engine's own check, in place of the image's.
    public struct Check: Sendable, Equatable {
        /// What is run.
        public var test: Test
        /// In milliseconds; nil for the engine's default.
        public var interval: Int64?
        /// In milliseconds; nil for the engine's default.
        public var timeout: Int64?
        /// In milliseconds; nil for the engine's default.
        public var startPeriod: Int64?
        /// How often it may fail in a row; nil for the engine's default.
        public var retries: Int64?

        /// A check of which the engine chooses when it is run.
        public init(test: Test) {
            self.test = test
        }

        /// What a check runs.
        public enum Test: Sendable, Equatable {
            /// Nothing: the image's check does not count either.
            case none
            /// What the image's check runs.
            case inherited
            /// A line for the container's shell.
            case shell(String)
            /// A program and its arguments.
            case command([String])
        }
    }

    /// A network that the container is on.
    public struct Attachment: Sendable, Hashable {
        /// The network's name.
        public var network: String
        /// Further names that the container has there.
        public var aliases: [String]

        /// A network in which the container has these further names.
        public init(network: String, aliases: [String] = []) {
            self.network = network
            self.aliases = aliases
        }
    }

    /// Where the container's output goes.
    public struct Logging: Sendable, Equatable {
        /// The driver's name; nil for the engine's own.
        public var driver: String?
        /// The driver's options.
        public var options: [String: String]

        /// A driver with its options.
        public init(driver: String? = nil, options: [String: String] = [:]) {
            self.driver = driver
            self.options = options
        }
    }

    /// What gives a container more of the machine than others have.
    public struct Privileges: Sendable, Equatable {
        /// Whether everything is allowed.
        public var isPrivileged = false
        /// Capabilities that are added.
        public var capabilities: [String] = []
        /// Options of the kernel's security modules.
        public var security: [String] = []
        /// Devices of the machine.
        public var devices: [Device] = []
        /// Graphics processors.
        public var graphics: Graphics?
        /// Whose processes it sees: `host`.
        public var processes: String?
        /// Whose shared memory it uses: `host`.
        public var sharedMemory: String?
    }

    /// A device of the machine.
    public struct Device: Sendable, Hashable {
        /// Its path on the machine.
        public var source: String
        /// Its path in the container.
        public var target: String
        /// Some of `r`, `w` and `m`.
        public var permissions: String
    }

    /// Graphics processors, or others of a driver.
    public struct Graphics: Sendable, Equatable {
        /// nil for the engine's choice.
        public var driver: String?
        /// How many; -1 for all.
        public var count: Int64 = 0
        /// Which, where they are named.
        public var devices: [String] = []
    }

    /// Settings that leave everything to the image and the engine.
    public init() {}
}

/// Something of the engine's machine that a container is given as a folder or a file.
public struct ContainerMount: Sendable, Hashable {
    /// What is mounted.
    public var source: Source
    /// Where; an absolute path in the container.
    public var target: String
    /// Whether the container cannot write it.
    public var isReadOnly: Bool

    /// What is mounted.
    public enum Source: Sendable, Hashable {
        /// A volume of that name.
        case volume(String)
        /// A volume that lives as long as the container.
        case temporary
        /// A folder or file of the engine's machine, by its absolute path.
        case folder(String)
    }

    /// A mount.
    public init(_ source: Source, at target: String, isReadOnly: Bool = false) {
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
    }
}

/// How a new container takes the place of the one that it replaces.
public struct UpdatePolicy: Sendable, Equatable {
    /// Which of the two runs first.
    public var order = Order.auto
    /// For how many seconds the new one must stay healthy before it takes over.
    public var monitorSeconds = 0

    /// Which of the two runs first.
    public enum Order: String, Sendable, CaseIterable {
        /// The new one, unless both would write the same at once.
        case auto
        /// The new one is started while the old one serves.
        case startFirst = "start-first"
        /// The old one is stopped before.
        case stopFirst = "stop-first"
    }

    /// The policy of a request without one.
    public init() {}
}

/// A command that is run once in a container of its own before the new one is started.
public struct ReleaseCommand: Sendable, Equatable {
    /// Its words; never empty.
    public var words: [String]
    /// How long it may take.
    public var timeoutSeconds: Int

    /// What the container is called in which a deployment runs the command.
    public static func containerName(_ name: String, _ id: DeploymentID) -> String {
        "\(name).release-\(id.text.prefix(8))"
    }

    /// A command.
    public init(words: [String], timeoutSeconds: Int = 300) {
        self.words = words
        self.timeoutSeconds = timeoutSeconds
    }
}
