public import Deployments

/// A container as the engine sees it.
public struct Container: Sendable, Equatable {
    /// All 64 characters.
    public var id: String
    /// Without the engine's leading `/`.
    public var name: String
    /// The image's id: `sha256:…`.
    public var imageID: String
    /// What it is doing.
    public var status: Status
    /// Whether its program runs.
    public var running: Bool
    /// The exit status of its program's last run.
    public var exitCode: Int
    /// Whether its main process was killed for want of memory.
    public var oomKilled: Bool
    /// Why it could not be started; empty if it could.
    public var error: String
    /// RFC 3339 with nanoseconds.
    public var startedAt: String
    /// RFC 3339; the year 1 where it has not ended.
    public var finishedAt: String
    /// How often its restart policy has started it again.
    public var restartCount: Int
    /// `starting`, `healthy` or `unhealthy`; nil without a check.
    public var health: String?
    /// Whether a check of its own is set up.
    public var hasHealthcheck: Bool
    /// Where TCP ports are published now, by container port. Empty while it does not run.
    public var ports: [UInt16: [Binding]]
    /// Where TCP ports were asked to be published; port 0 stands for any.
    public var requestedPorts: [UInt16: [Binding]]
    /// Where UDP ports are published now, by container port. Empty while it does not run.
    public var udpPorts: [UInt16: [Binding]]
    /// The volumes and folders that are mounted in it.
    public var mounts: [ContainerMount]
    /// How many seconds its program has to end before it is killed; nil for the engine's choice.
    public var stopSeconds: Int?
    /// Its labels, the image's among them.
    public var labels: [String: String]
    /// Bytes; nil for no limit.
    public var memoryLimit: Int64?

    /// What a container is doing.
    public enum Status: Sendable, Hashable {
        /// It has never been started.
        case created
        /// Its program runs.
        case running
        /// Its program is suspended.
        case paused
        /// Its program has ended, and the engine is about to start it again.
        case restarting
        /// The engine is removing it.
        case removing
        /// Its program has ended.
        case exited
        /// The engine failed to remove it.
        case dead
        /// Anything else, by the engine's word for it.
        case other(String)
    }

    /// A port of the host.
    public struct Binding: Sendable, Hashable {
        /// Empty or `0.0.0.0` for every IPv4 address.
        public var address: String
        /// The port's number.
        public var port: UInt16

        /// A port of an address.
        public init(address: String, port: UInt16) {
            self.address = address
            self.port = port
        }
    }

    /// What it says of whose it is. Its labels alone prove nothing.
    public var claim: ContainerClaim {
        ContainerClaim(
            id: id,
            name: name,
            creation: labels[Label.creation]
                ?? labels[Label.deployment].map(ContainerClaim.creation(of:))
        )
    }

    /// A container of which no more is known.
    public init(id: String, name: String, imageID: String, status: Status) {
        self.id = id
        self.name = name
        self.imageID = imageID
        self.status = status
        running = status == .running
        exitCode = 0
        oomKilled = false
        error = ""
        startedAt = ""
        finishedAt = ""
        restartCount = 0
        hasHealthcheck = false
        ports = [:]
        requestedPorts = [:]
        udpPorts = [:]
        mounts = []
        labels = [:]
    }
}
