public import Deployments

/// What a container is to be created with.
public struct ContainerSpecification: Sendable, Equatable {
    /// The name it is to have.
    public var name: String
    /// The image's name.
    public var image: String
    /// `os/arch[/variant]`; nil for what the image has.
    public var platform: String?
    /// The ports to publish.
    public var ports: [PortMapping]
    /// Where ports without an address of their own are published.
    public var publishAddress: String
    /// Its labels.
    public var labels: [String: String]
    /// Replaces the image's own; empty for the image's.
    public var command: [String]
    /// As `--memory` takes it.
    public var memory: String?
    /// As `--cpus` takes it.
    public var cpus: String?
    /// How its program is run, but for its networks.
    public var settings: ContainerSettings
    /// What is mounted in it.
    public var mounts: [ContainerMount]
    /// The network that it is created on; nil for the engine's own.
    public var network: ContainerSettings.Attachment?
    /// When the engine starts it again.
    public var restart: String
    /// Fail where the engine lacks the image, rather than pull it.
    public var pullNever: Bool

    /// A container that is never started again and publishes nothing.
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
