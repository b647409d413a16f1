/// A volume as the engine has it.
public struct Volume: Sendable, Equatable {
    /// Its name.
    public var name: String
    /// Its labels.
    public var labels: [String: String]
    /// When it was made: RFC 3339; empty if the engine does not say.
    public var createdAt: String
    /// Whether the engine made it for one container and named it itself.
    public var isAnonymous: Bool

    /// A volume.
    public init(
        name: String,
        labels: [String: String] = [:],
        createdAt: String = "",
        isAnonymous: Bool = false
    ) {
        self.name = name
        self.labels = labels
        self.createdAt = createdAt
        self.isAnonymous = isAnonymous
    }
}

/// The volumes that a container uses.
public struct VolumeUse: Sendable, Equatable {
    /// The container's name.
    public var container: String
    /// The volumes' names.
    public var volumes: [String]

    /// A use.
    public init(container: String, volumes: [String]) {
        self.container = container
        self.volumes = volumes
    }
}
