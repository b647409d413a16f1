/// Something that happened to a container.
public struct ContainerEvent: Sendable, Equatable {
    /// The word: `start`, `die`, `health_status`, …
    public var action: String
    /// What follows the word: the status of `health_status: healthy`.
    public var argument: String?
    /// All 64 characters.
    public var containerID: String
    /// The container's labels, its `name` and `image`, and what the action adds.
    public var attributes: [String: String]
    /// When it happened by the engine's clock.
    public var time: EventTime

    /// The exit status that a `die` tells.
    public var exitCode: Int? { attributes["exitCode"].flatMap { Int($0) } }

    /// Something that happened.
    public init(
        action: String,
        argument: String? = nil,
        containerID: String,
        attributes: [String: String] = [:],
        time: EventTime
    ) {
        self.action = action
        self.argument = argument
        self.containerID = containerID
        self.attributes = attributes
        self.time = time
    }
}
