public import Deployments

/// What a container is to be created with.
public struct ContainerSpecification: Sendable, Equatable {
    /// The name of the container.
    public var name: String
    /// The image's name.
    public var image: String
    /// `os/arch[/variant]`; nil for the image's own.
    public var platform: String?
    /// The ports to publish.
    public var ports: [PortMapping]
    /// The address on which ports without an address of their own are published.
    public var publishAddress: String
    /// Its labels.
    public var labels: [String: String]
    /// Replaces the image's own command; empty to keep that one.
    public var command: [String]
    /// The memory that it may use: a number and a unit, such as `512m`. Nil for no limit.
    public var memory: String?
    /// How many processors it may use: a decimal number, such as `1.5`. Nil for no limit.
    public var cpus: String?
    /// How its program is run, apart from its networks.
    public var settings: ContainerSettings
    /// What is mounted in it.
    public var mounts: [ContainerMount]
    /// The network that it is created on; nil for the engine's default.
    public var network: ContainerSettings.Attachment?
    /// When the engine starts it again: `no`, `unless-stopped`, …
    public var restart: String
    /// Whether the creation fails if the engine lacks the image, rather than pulling it.
    public var pullNever: Bool

    /// A container that the engine never starts again, and that publishes nothing.
    public init(name: String, image: String) {
        self.name = name
        self.image = image
        ports = []
        publishAddress = "127.0.0.1"
        labels = [:]
        command = []
        settings = ContainerSettings()
        mounts = []
        restart = "no"
        pullNever = true
    }
}
