public import Deployments
public import Streams

/// A container engine.
///
/// A call that fails throws an `EngineFailure` that names the cause. If its task is cancelled, a query
/// ends at once; a change is given a moment to finish, so that the engine is not left halfway.
public protocol Engine: Sendable {
    /// Whether the ports that the engine publishes are this machine's.
    var isLocal: Bool { get }

    /// The same engine, for calls that belong to one piece of work.
    func working(on work: EngineWork) -> any Engine

    // MARK: The engine

    /// The engine's version. Every call asks the engine.
    func version(within limit: Duration) async throws(EngineFailure) -> EngineVersion

    /// The platform that the engine runs without emulation; nil if it does not say. An answer is kept.
    func platform() async throws(EngineFailure) -> EnginePlatform?

    /// The time of the engine's clock: RFC 3339 with nanoseconds.
    func time() async throws(EngineFailure) -> String

    /// Hands over events of containers until the task is cancelled or the engine is lost, and returns
    /// the reason for the end.
    ///
    /// - Parameters:
    ///   - label: only containers that carry it count, with whatever value.
    ///   - since: the first moment of the engine's clock that counts. The engine remembers few events.
    ///   - take: takes some events at a time, in order; must return quickly.
    func follow(
        labelled label: String,
        since: String,
        _ take: @escaping @Sendable ([ContainerEvent]) -> Void
    ) async -> EngineFailure

    /// How the engine is set up. An answer is kept.
    func setup() async throws(EngineFailure) -> EngineSetup

    /// Throws unless the engine has a network of that name.
    func checkNetwork(_ name: String) async throws(EngineFailure)

    // MARK: Containers

    /// The container of that id; nil if there is none.
    func container(_ id: String) async throws(EngineFailure) -> Container?

    /// The container of that name; nil if there is none.
    func container(named name: String) async throws(EngineFailure) -> Container?

    /// The containers that have these ids or names.
    func containers(_ names: [String]) async throws(EngineFailure) -> ContainerFindings

    /// All containers, running or not, that carry a label; with any value if none is given.
    func containers(
        labelled label: String,
        _ value: String?
    ) async throws(EngineFailure) -> [ContainerSummary]

    /// The running containers that publish this TCP port of the host.
    func containers(publishing port: UInt16) async throws(EngineFailure) -> [ContainerSummary]

    /// The variables of a container's program. Secret.
    func environment(of id: String) async throws(EngineFailure) -> [String: String]

    /// The end of what a container has written.
    func log(of id: String) async throws(EngineFailure) -> ContainerLog

    /// Throws unless the engine can read what a container has written.
    func checkLog(of id: String) async throws(EngineFailure)

    /// Hands over the last `lines` lines that a container has written and, if `follow` holds, what it
    /// writes from then on until it stops. Returns at the end, or when the task is cancelled.
    ///
    /// - Parameters:
    ///   - flow: holds the container's output back while its reader is behind.
    ///   - take: takes the bytes in order; must return quickly.
    func readLog(
        of id: String,
        lines: Int,
        follow: Bool,
        flow: OutputFlow,
        _ take: @escaping @Sendable ([UInt8]) -> Void
    ) async

    /// Creates a container and returns its id.
    func create(
        _ specification: ContainerSpecification,
        _ environment: ContainerEnvironment
    ) async throws(EngineFailure) -> String

    /// Connects a container to one more network.
    func connect(
        _ id: String,
        to attachment: ContainerSettings.Attachment
    ) async throws(EngineFailure)

    /// Starts a container.
    func start(_ id: String) async throws(EngineFailure)

    /// Asks a container's program to end, and kills it after `seconds` seconds.
    func stop(_ id: String, seconds: Int) async throws(EngineFailure)

    /// Removes a container and its anonymous volumes, even while it runs.
    func remove(_ id: String) async throws(EngineFailure)

    /// Gives a container another name.
    func rename(_ id: String, to name: String) async throws(EngineFailure)

    /// Sets when the engine starts a container again: `no`, `unless-stopped`, …
    func setRestartPolicy(_ policy: String, of id: String) async throws(EngineFailure)

    /// Extracts a tar archive into a folder of a container. The folder must exist. There is no time limit.
    func copy(
        _ archive: any ByteSource,
        into id: String,
        at path: String
    ) async throws(EngineFailure)

    /// The contents of one file of a container, or of the files in a folder, by the last component of
    /// their paths; at most 4 MB. Secret.
    func files(at path: String, in id: String) async throws(EngineFailure) -> [String: [UInt8]]

    /// Waits until a container's program has ended, and returns its exit status.
    func awaitEnd(of id: String) async throws(EngineFailure) -> Int

    // MARK: Volumes

    /// The volumes that have these names. Names without a volume are left out.
    func volumes(_ names: [String]) async throws(EngineFailure) -> [Volume]

    /// The volumes that carry a label.
    func volumes(labelled label: String) async throws(EngineFailure) -> [Volume]

    /// Makes a volume. If there is one of that name, it stays as it is.
    func createVolume(_ name: String, labels: [String: String]) async throws(EngineFailure)

    /// Removes a volume that nothing uses.
    func removeVolume(_ name: String) async throws(EngineFailure)

    /// The volumes that containers use, running or not.
    func volumeUses() async throws(EngineFailure) -> [VolumeUse]

    /// The sizes of the volumes in bytes, by name, as far as the engine knows them. May take long.
    func volumeSizes() async throws(EngineFailure) -> [String: Int64]

    // MARK: Images

    /// An image that the engine has. If there is none of that name, it throws a failure that says so.
    func image(_ name: String) async throws(EngineFailure) -> Image

    /// The bytes that all of its images take up. Layers that images share count once. May take long.
    func imageBytes() async throws(EngineFailure) -> Int64

    /// What the image's registry has under its name for a platform.
    func registryImage(
        _ name: String,
        for platform: String,
        credentials: Credentials?
    ) async throws(EngineFailure) -> RegistryImage

    /// Removes images by their ids, or names of images. An image that a container uses, or that has
    /// another name, stays.
    func removeImages(_ images: [String]) async throws(EngineFailure) -> ImageRemoval

    /// Builds an image from the files in a tar archive. There is no time limit.
    ///
    /// - Parameter report: is told how far the build has come.
    func build(
        _ specification: BuildSpecification,
        of context: any ByteSource,
        report: BuildReport
    ) async throws(EngineFailure)

    /// Pulls an image from its registry. There is no time limit.
    ///
    /// - Parameter report: is told how far the pull has come.
    func pull(
        _ name: String,
        platform: String?,
        credentials: Credentials?,
        report: PullReport
    ) async throws(EngineFailure) -> PulledImage
}

/// What an engine must know about the work that its calls belong to.
public struct EngineWork: Sendable {
    /// Names the work to those who look at the commands that are running.
    public var tag: String?
    /// The image that the work is about, for messages.
    public var image: String
    /// The path of a folder for credentials. It is made for each use and removed afterwards.
    public var privateFolder: String?
    /// How long a query may take; nil for the usual time.
    public var limit: Duration?
    /// Masks secrets in what the engine says. The lines that it is given follow one another.
    public var mask: @Sendable ([String]) -> [String]

    /// By default, work about which the engine need not know anything.
    public init(
        tag: String? = nil,
        image: String = "",
        privateFolder: String? = nil,
        limit: Duration? = nil,
        mask: @escaping @Sendable ([String]) -> [String] = { $0 }
    ) {
        self.tag = tag
        self.image = image
        self.privateFolder = privateFolder
        self.limit = limit
        self.mask = mask
    }
}

/// The result of looking for containers.
public struct ContainerFindings: Sendable {
    /// The containers that exist.
    public var found: [Container]
    /// The ids and names for which the engine says that there is no container. Nothing is known about
    /// those that are missing here and have no container either: the engine was lost meanwhile.
    public var missing: Set<String>

    /// Findings.
    public init(found: [Container], missing: Set<String>) {
        self.found = found
        self.missing = missing
    }
}

/// What an engine says about itself.
public struct EngineVersion: Sendable, Equatable {
    /// The number of the version, such as `28.2.2`; nil if it does not say.
    public var number: String?
    /// The platform that it runs without emulation; nil if it does not say.
    public var platform: EnginePlatform?

    /// A version.
    public init(number: String?, platform: EnginePlatform?) {
        self.number = number
        self.platform = platform
    }
}

/// The platform that an engine runs without emulation: `linux`, `amd64`.
public struct EnginePlatform: Sendable, Equatable, CustomStringConvertible {
    /// The operating system.
    public let os: String
    /// The processor.
    public let architecture: String

    /// A platform.
    public init(os: String, architecture: String) {
        self.os = os
        self.architecture = architecture
    }

    /// `linux/amd64`
    public var description: String { "\(os)/\(architecture)" }
}

/// How an engine is set up.
public struct EngineSetup: Sendable, Equatable {
    /// Whether the driver of its containers' logs takes options such as `max-size`.
    public let takesLogOptions: Bool
    /// The folder of its machine that holds its images and containers; nil if it does not say.
    public let dataFolder: String?

    /// A setup.
    public init(takesLogOptions: Bool, dataFolder: String?) {
        self.takesLogOptions = takesLogOptions
        self.dataFolder = dataFolder
    }
}

/// The result of removing images, by the ids and names that were given.
public struct ImageRemoval: Sendable {
    /// The images that were removed.
    public var removed: [String]
    /// The images that did not exist.
    public var missing: [String]
    /// The images that do not exist any more.
    public var gone: [String] { removed + missing }

    /// A removal.
    public init(removed: [String], missing: [String] = []) {
        self.removed = removed
        self.missing = missing
    }
}

/// What a registry has under an image's name.
public enum RegistryImage: Sendable, Equatable {
    /// An image, with the number of its layers and the sum of their compressed bytes.
    case image(layers: Int, bytes: Int64)
    /// Images for these platforms only. The platform that was asked for is not among them.
    case otherPlatforms([String])
    /// Something whose layers cannot be read.
    case unknown
}

/// An image that was pulled.
public struct PulledImage: Sendable, Equatable {
    /// The digest under which the registry knows it: `sha256:…`; nil if the engine did not say.
    public var digest: String?
    /// Whether the engine had it already.
    public var isUpToDate: Bool
    /// How far the pull had come at its end.
    public var snapshot: PullSnapshot

    /// An image.
    public init(digest: String?, isUpToDate: Bool, snapshot: PullSnapshot = PullSnapshot()) {
        self.digest = digest
        self.isUpToDate = isUpToDate
        self.snapshot = snapshot
    }
}
