/// The settings with which the container's program is run. Their names and meanings are those of a
/// service in the Compose Specification
/// (https://github.com/compose-spec/compose-spec/blob/main/05-services.md).
public struct ContainerSettings: Sendable, Equatable {
    /// The entrypoint that replaces the image's own. Without words it removes the image's; nil
    /// keeps it.
    public var entrypoint: [String]?
    /// The user that the program runs as, `name`, `1000` or `1000:1000`; nil for the image's.
    public var user: String?
    /// The absolute path of the working directory; nil for the image's.
    public var workingFolder: String?
    /// The container's own host name.
    public var hostname: String?
    /// Whether a small init program runs first and passes signals on; nil for the engine's choice.
    public var hasInit: Bool?
    /// Whether the root file system is read-only.
    public var isReadOnly = false
    /// File systems in memory, with their options, by absolute path.
    public var tmpfs: [String: String] = [:]
    /// The size of `/dev/shm` in bytes.
    public var sharedMemory: Int64?
    /// Resource limits by name: `nofile`.
    public var resourceLimits: [String: ResourceLimit] = [:]
    /// The greatest number of processes and threads; -1 for any number.
    public var processLimit: Int64?
    /// The capabilities that are dropped, such as `NET_RAW` or `ALL`.
    public var droppedCapabilities: [String] = []
    /// The host names that the container resolves without a name server.
    public var hosts: [HostEntry] = []
    /// The addresses of the name servers.
    public var nameServers: [String] = []
    /// The signal that asks the program to end, such as `SIGINT`; nil for the image's.
    public var stopSignal: String?
    /// The number of seconds that the program has to end before it is killed; nil for the server's
    /// choice.
    public var stopGracePeriod: Int?
    /// The engine's own health check of the container.
    public var check: Check?
    /// The networks besides `network`.
    public var networks: [Attachment] = []
    /// The destination of the container's output; nil for the server's choice.
    public var logging: Logging?
    /// The privileges of the container.
    public var privileges = Privileges()

    /// A limit of a resource.
    public struct ResourceLimit: Sendable, Equatable {
        /// The limit in force; -1 for no limit.
        public var soft: Int64
        /// The limit up to which the program may raise it; -1 for no limit.
        public var hard: Int64
    }

    /// A host name and its address.
    public struct HostEntry: Sendable, Hashable {
        /// The name.
        public var name: String
        /// An IP address, or `host-gateway`.
        public var address: String
    }

    /// The engine's own health check, which replaces the image's.
    public struct Check: Sendable, Equatable {
        /// The test that is run.
        public var test: Test
        /// The time between two tests in milliseconds; nil for the engine's default.
        public var interval: Int64?
        /// The time limit of a test in milliseconds; nil for the engine's default.
        public var timeout: Int64?
        /// The time after the start in which failures do not count, in milliseconds; nil for the
        /// engine's default.
        public var startPeriod: Int64?
        /// The number of consecutive failures that make it unhealthy; nil for the engine's default.
        public var retries: Int64?

        /// Creates a check whose times are the engine's defaults.
        public init(test: Test) {
            self.test = test
        }

        /// The kinds of tests.
        public enum Test: Sendable, Equatable {
            /// There is no test, not even the image's.
            case none
            /// The test is the image's.
            case inherited
            /// The test is a line for the container's shell.
            case shell(String)
            /// The test is a program with its arguments.
            case command([String])
        }
    }

    /// A network that the container joins.
    public struct Attachment: Sendable, Hashable {
        /// The network's name.
        public var network: String
        /// Further names that the container has there.
        public var aliases: [String]

        /// Creates an attachment with further names of the container.
        public init(network: String, aliases: [String] = []) {
            self.network = network
            self.aliases = aliases
        }
    }

    /// The destination of the container's output.
    public struct Logging: Sendable, Equatable {
        /// The driver's name; nil for the engine's own.
        public var driver: String?
        /// The driver's options.
        public var options: [String: String]

        /// Creates a destination.
        public init(driver: String? = nil, options: [String: String] = [:]) {
            self.driver = driver
            self.options = options
        }
    }

    /// Privileges that give a container more rights on the machine than others have.
    public struct Privileges: Sendable, Equatable {
        /// Whether the container has all privileges.
        public var isPrivileged = false
        /// Capabilities that are added.
        public var capabilities: [String] = []
        /// Options of the kernel's security modules.
        public var security: [String] = []
        /// Devices of the machine.
        public var devices: [Device] = []
        /// Graphics processors.
        public var graphics: Graphics?
        /// The owner of the processes that it sees: `host`.
        public var processes: String?
        /// The owner of the shared memory that it uses: `host`.
        public var sharedMemory: String?
    }

    /// A device of the machine.
    public struct Device: Sendable, Hashable {
        /// Its path on the machine.
        public var source: String
        /// Its path in the container.
        public var target: String
        /// The permissions: some of `r`, `w` and `m`.
        public var permissions: String
    }

    /// Graphics processors, or other devices of a driver.
    public struct Graphics: Sendable, Equatable {
        /// The driver's name; nil for the engine's choice.
        public var driver: String?
        /// The number of devices; -1 for all.
        public var count: Int64 = 0
        /// The names of the devices, if they are named.
        public var devices: [String] = []
    }

    /// Creates settings that leave everything to the image and the engine.
    public init() {}
}

/// A volume, or a folder or file of the engine's machine, that is mounted in a container.
public struct ContainerMount: Sendable, Hashable {
    /// What is mounted.
    public var source: Source
    /// The absolute path in the container.
    public var target: String
    /// Whether the mount is read-only.
    public var isReadOnly: Bool

    /// The kinds of things that can be mounted.
    public enum Source: Sendable, Hashable {
        /// A volume with that name.
        case volume(String)
        /// A volume that lives as long as the container.
        case temporary
        /// A folder or file of the engine's machine, by its absolute path.
        case folder(String)
    }

    /// Creates a mount.
    public init(_ source: Source, at target: String, isReadOnly: Bool = false) {
        self.source = source
        self.target = target
        self.isReadOnly = isReadOnly
    }
}

/// How a new container replaces the previous one.
public struct UpdatePolicy: Sendable, Equatable {
    /// Which of the two containers runs first.
    public var order = Order.auto
    /// The number of seconds that the new container must stay healthy before it takes over.
    public var monitorSeconds = 0

    /// Which of the two containers runs first.
    public enum Order: String, Sendable, CaseIterable {
        /// The new container starts first, unless both would write to the same storage or need the
        /// same port.
        case auto
        /// The new container starts while the old one serves.
        case startFirst = "start-first"
        /// The old container is stopped before.
        case stopFirst = "stop-first"
    }

    /// Creates the policy of a request that gives none.
    public init() {}
}

/// A command that runs once in a container of its own before the new container starts.
public struct ReleaseCommand: Sendable, Equatable {
    /// Its words; there is at least one.
    public var words: [String]
    /// The time limit in seconds.
    public var timeoutSeconds: Int

    /// The name of the container in which a deployment runs the command.
    public static func containerName(_ name: String, _ id: DeploymentID) -> String {
        "\(name).release-\(id.text.prefix(8))"
    }

    /// Creates a command.
    public init(words: [String], timeoutSeconds: Int = 300) {
        self.words = words
        self.timeoutSeconds = timeoutSeconds
    }
}
