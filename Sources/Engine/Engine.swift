public import Deployments
public import Streams

/// A container engine.
///
/// What it does not do is thrown as an `EngineFailure`, with the cause in a word. Where a call's task
/// is cancelled, one that only asks ends at once; one that changes something is waited for a little,
/// so that the engine is not left halfway.
public protocol Engine: Sendable {
    /// Whether the ports that it publishes are this machine's.
    var isLocal: Bool { get }

    /// The same engine, for one piece of work.
    func working(on work: EngineWork) -> any Engine

    // MARK: The engine

    /// Its version, asked for anew.
    func version(within limit: Duration) async throws(EngineFailure) -> EngineVersion

    /// What it runs by itself, asked for once; nil if it does not tell.
    func platform() async throws(EngineFailure) -> EnginePlatform?

    /// Its own time: RFC 3339 with nanoseconds.
    func time() async throws(EngineFailure) -> String

    /// Tells what happens to containers, until the task is cancelled or the engine is lost; gives why
    /// it has ended.
    ///
    /// - Parameters:
    ///   - label: containers that carry it, with whatever value.
    ///   - since: from that moment of its own time on. It remembers little.
    ///   - take: given some at a time, in order; must be quick.
    func follow(
        labelled label: String,
        since: String,
        _ take: @escaping @Sendable ([ContainerEvent]) -> Void
    ) async -> EngineFailure

    /// How it is set up, asked for once.
    func setup() async throws(EngineFailure) -> EngineSetup

    /// Throws unless it has a network of that name.
    func checkNetwork(_ name: String) async throws(EngineFailure)

    // MARK: Containers

    /// The container of that id; nil if there is none.
    func container(_ id: String) async throws(EngineFailure) -> Container?

    /// The container of that name; nil if there is none.
    func container(named name: String) async throws(EngineFailure) -> Container?

    /// The containers of these ids and names.
    func containers(_ names: [String]) async throws(EngineFailure) -> ContainerFindings

    /// All containers, running or not, that carry a label; with any value if none is given.
    func containers(
        labelled label: String,
        _ value: String?
    ) async throws(EngineFailure) -> [ContainerSummary]

    /// The running containers that publish a TCP port of the host.
    func containers(publishing port: UInt16) async throws(EngineFailure) -> [ContainerSummary]

    /// The variables of a container's program. Secret.
    func environment(of id: String) async throws(EngineFailure) -> [String: String]

    /// The end of what a container has written.
    func log(of id: String) async throws(EngineFailure) -> ContainerLog

    /// Throws unless it can read what a container writes.
    func checkLog(of id: String) async throws(EngineFailure)

    /// Hands over the last `lines` lines that a container has written and, if `follow`, what it writes
    /// from then on, until it stops. Ends when the task is cancelled, or there is no more.
    ///
    /// - Parameters:
    ///   - flow: holds the container's lines back while their reader is behind.
    ///   - take: given the bytes in order; must be quick.
    func readLog(
        of id: String,
        lines: Int,
        follow: Bool,
        flow: OutputFlow,
        _ take: @escaping @Sendable ([UInt8]) -> Void
    ) async

    /// Creates a container, and gives its id.
    func create(
        _ specification: ContainerSpecification,
        _ environment: ContainerEnvironment
    ) async throws(EngineFailure) -> String

    /// Puts a container on one more network.
    func connect(
        _ id: String,
        to attachment: ContainerSettings.Attachment
    ) async throws(EngineFailure)

    /// Starts a container.
    func start(_ id: String) async throws(EngineFailure)

    /// Asks a container's program to end, and kills it after `seconds` seconds.
    func stop(_ id: String, seconds: Int) async throws(EngineFailure)

    /// Removes a container with its anonymous volumes, even while it runs.
    func remove(_ id: String) async throws(EngineFailure)

    /// Gives a container another name.
    func rename(_ id: String, to name: String) async throws(EngineFailure)

    /// Sets when the engine starts a container again: `no`, `unless-stopped`, …
    func setRestartPolicy(_ policy: String, of id: String) async throws(EngineFailure)

    /// Extracts a tar archive into a folder of a container, which must be there. Takes as long as it
    /// takes.
    func copy(
        _ archive: any ByteSource,
        into id: String,
        at path: String
    ) async throws(EngineFailure)

    /// The contents of a file of a container, or of the files in a folder, by the last part of their
    /// names; at most 4 MB. Secret.
    func files(at path: String, in id: String) async throws(EngineFailure) -> [String: [UInt8]]

    /// Waits until a container's program has ended, and gives its exit status.
    func awaitEnd(of id: String) async throws(EngineFailure) -> Int

    // MARK: Volumes

    /// The volumes of these names that there are.
    func volumes(_ names: [String]) async throws(EngineFailure) -> [Volume]

    /// The volumes that carry a label.
    func volumes(labelled label: String) async throws(EngineFailure) -> [Volume]

    /// Makes a volume; one of that name that is there stays as it is.
    func createVolume(_ name: String, labels: [String: String]) async throws(EngineFailure)

    /// Removes a volume that nothing uses.
    func removeVolume(_ name: String) async throws(EngineFailure)

    /// Which volumes all containers use, running or not.
    func volumeUses() async throws(EngineFailure) -> [VolumeUse]

    /// The bytes of all volumes by their names, as far as the engine tells. May take long.
    func volumeSizes() async throws(EngineFailure) -> [String: Int64]

    // MARK: Images

    /// An image that it has. Throws a failure that says so if it has none of that name.
    func image(_ name: String) async throws(EngineFailure) -> Image

    /// The bytes that all of its images take, those that they share counted once. May take long.
    func imageBytes() async throws(EngineFailure) -> Int64

    /// What the image's registry has under its name for a platform.
    func registryImage(
        _ name: String,
        for platform: String,
        credentials: Credentials?
    ) async throws(EngineFailure) -> RegistryImage

    /// Removes images by their ids, or only names of images. An image that a container uses, or that
    /// has another name, stays.
    func removeImages(_ images: [String]) async throws(EngineFailure) -> ImageRemoval

    /// Builds an image of the files in a tar archive. Takes as long as it takes.
    ///
    /// - Parameter report: how far it has come.
    func build(
        _ specification: BuildSpecification,
        of context: any ByteSource,
        report: BuildReport
    ) async throws(EngineFailure)

    /// Gets an image from its registry. Takes as long as it takes.
    ///
    /// - Parameter report: how far it has come.
    func pull(
        _ name: String,
        platform: String?,
        credentials: Credentials?,
        report: PullReport
    ) async throws(EngineFailure) -> PulledImage
}

/// What is done with an engine, as far as the engine must know of it.
public struct EngineWork: Sendable {
    /// Whose work it is, for those who look at what is running.
    public var tag: String?
    /// The image that it is about, for messages.
    public var image: String
    /// A folder for credentials while they are used; it is made, and removed afterwards.
    public var privateFolder: String?
    /// How long a question may take; nil for the usual time.
    public var limit: Duration?
    /// Takes secrets out of what the engine says: lines that follow one another.
    public var mask: @Sendable ([String]) -> [String]

    /// Work of which the engine must know nothing.
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

/// What came of looking for containers.
public struct ContainerFindings: Sendable {
    /// Those that there are.
    public var found: [Container]
    /// The ids and names of which the engine says that there is nothing. Of one that is in neither,
    /// nothing is known: the engine was lost meanwhile.
    public var missing: Set<String>

    /// Findings.
    public init(found: [Container], missing: Set<String>) {
        self.found = found
        self.missing = missing
    }
}

/// What an engine says of itself.
public struct EngineVersion: Sendable, Equatable {
    /// Such as `28.2.2`; nil if it does not tell.
    public var number: String?
    /// What it runs by itself; nil if it does not tell.
    public var platform: EnginePlatform?

    /// A version.
    public init(number: String?, platform: EnginePlatform?) {
        self.number = number
        self.platform = platform
    }
}

/// What an engine runs by itself: `linux`, `amd64`.
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
    /// Where on its machine its images and containers lie; nil if it does not tell.
    public let dataFolder: String?

    /// A setup.
    public init(takesLogOptions: Bool, dataFolder: String?) {
        self.takesLogOptions = takesLogOptions
        self.dataFolder = dataFolder
    }
}

/// What came of removing images, by the ids and names that were given.
public struct ImageRemoval: Sendable {
    /// Those that were removed.
    public var removed: [String]
    /// Those that were not there.
    public var missing: [String]
    /// Those that are not there any more.
    public var gone: [String] { removed + missing }

    /// A removal.
    public init(removed: [String], missing: [String] = []) {
        self.removed = removed
        self.missing = missing
    }
}

/// What a registry has under an image's name.
public enum RegistryImage: Sendable, Equatable {
    /// An image of so many layers, and of so many compressed bytes in all.
    case image(layers: Int, bytes: Int64)
    /// Images for these platforms alone, of which none is the one that was asked for.
    case otherPlatforms([String])
    /// Something that does not tell what it is made of.
    case unknown
}

/// An image that was pulled.
public struct PulledImage: Sendable, Equatable {
    /// Under which the registry knows it: `sha256:…`; nil if that was not told.
    public var digest: String?
    /// Whether the engine had it already.
    public var isUpToDate: Bool
    /// How it stands at the end.
    public var snapshot: PullSnapshot

    /// An image.
    public init(digest: String?, isUpToDate: Bool, snapshot: PullSnapshot = PullSnapshot()) {
        self.digest = digest
        self.isUpToDate = isUpToDate
        self.snapshot = snapshot
    }
}
