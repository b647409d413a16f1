/// What a container says of itself, from which the journal finds whose it is.
public struct ContainerClaim: Sendable, Hashable {
    /// All 64 characters of its id.
    public let id: String
    /// Its name.
    public let name: String
    /// The token of the creation that it says it comes from; nil without one.
    public let creation: String?

    /// A claim.
    public init(id: String, name: String, creation: String?) {
        self.id = id
        self.name = name
        self.creation = creation
    }

    /// The token of whatever a deployment had created before creations had tokens of their own.
    public static func creation(of deployment: String) -> String { "deployment:\(deployment)" }
}
