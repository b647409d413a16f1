/// A container in a list.
public struct ContainerSummary: Sendable, Equatable {
    /// Its id: all 64 characters.
    public var id: String
    /// Its own name, not one that a link has given it.
    public var name: String
    /// What it is doing.
    public var status: Container.Status

    /// An entry of a list.
    public init(id: String, name: String, status: Container.Status) {
        self.id = id
        self.name = name
        self.status = status
    }
}
