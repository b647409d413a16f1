public import Deployments

/// A container as the engine sees it.
public struct Container: Sendable, Equatable {
    /// Its id: all 64 characters.
    public var id: String
    /// Its name, without the engine's leading `/`.
    public var name: String
    /// The image's id: `sha256:…`.
    public var imageID: String
    /// What it is doing.
    public var status: Status
    /// Whether its program runs.
    public var running: Bool
    /// The exit status of its program's last run.
    public var exitCode: Int
    /// Whether its main process was killed because memory ran out.
    public var oomKilled: Bool
    /// Why it could not be started; empty if it could.
    public var error: String
    /// When its program was started last: RFC 3339 with nanoseconds.
    public var startedAt: String
    /// When its program ended last: RFC 3339; in the year 1 if it has never ended.
    public var finishedAt: String
    /// How often its restart policy has started it again.
    public var restartCount: Int
    /// What its health check says; nil if it has none.
    public var health: Health?
    /// Whether a health check is set up for it.
    public var hasHealthcheck: Bool
    /// The bindings of its published TCP ports, by container port. Empty while it does not run.
    public var ports: [UInt16: [Binding]]
    /// The bindings that were asked for its TCP ports, by container port; port 0 stands for any.
    public var requestedPorts: [UInt16: [Binding]]
    /// The bindings of its published UDP ports, by container port. Empty while it does not run.
    public var udpPorts: [UInt16: [Binding]]
    /// The volumes and folders that are mounted in it.
    public var mounts: [ContainerMount]
    /// How many seconds its program has to end before it is killed; nil for the engine's default.
    public var stopSeconds: Int?
    /// Its labels, including those of its image.
    public var labels: [String: String]
    /// The bytes of memory that it may use; nil for no limit.
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

    /// The result of a container's health check. The raw value is the word that people know.
    public enum Health: String, Sendable, Hashable {
        /// No check has succeeded yet, and not too many have failed.
        case starting
        /// The last check has succeeded.
        case healthy
        /// So many checks in a row have failed as the check's setting allows at most.
        case unhealthy
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

    /// What its labels say about its owner. They prove nothing by themselves.
    public var claim: ContainerClaim {
        ContainerClaim(
            id: id,
            name: name,
            creation: labels[Label.creation]
                ?? labels[Label.deployment].map(ContainerClaim.creation(of:))
        )
    }

    /// A container about which nothing else is known.
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
