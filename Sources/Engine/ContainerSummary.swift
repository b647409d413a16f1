/// A container in a list.
public struct ContainerSummary: Sendable, Equatable {
    /// All 64 characters.
    public var id: String
    /// The container's own name.
    public var name: String
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited` or `dead`.
    public var state: String

    /// An entry of a list.
    public init(id: String, name: String, state: String) {
        self.id = id
        self.name = name
        self.state = state
    }
}
