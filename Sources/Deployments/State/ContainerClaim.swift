/// The facts that a container states about itself, from which the journal finds its owner.
public struct ContainerClaim: Sendable, Hashable {
    /// The whole id, 64 characters.
    public let id: String
    /// Its name.
    public let name: String
    /// The token of the creation that it claims to come from; nil without one.
    public let creation: String?

    /// Creates a claim.
    public init(id: String, name: String, creation: String?) {
        self.id = id
        self.name = name
        self.creation = creation
    }

    /// The token of the containers that a deployment created before creations had tokens of their
    /// own.
    public static func creation(of deployment: String) -> String { "deployment:\(deployment)" }
}
