public import Deployments

/// What a bearer token (RFC 6750) stands for.
public struct Token: Sendable, Hashable {
    /// What it is called in logs.
    public let name: String
    /// What its holder may do.
    public let role: Role
    /// Whose deployments its holder may do it with.
    public let accessScope: AccessScope
    /// The SHA-256 hash of its text, which itself is not kept.
    let hash: [UInt8]
    /// Whether its text is so short that it could be guessed.
    public let isShort: Bool

    /// The token of that text.
    public init(name: String, text: String, role: Role, accessScope: AccessScope) {
        self.name = name
        self.role = role
        self.accessScope = accessScope
        hash = SHA256.hash(Array(text.utf8))
        isShort = text.utf8.count < 16
    }

    /// Whether the hash is this token's; takes the same time whatever it is.
    func matches(_ other: [UInt8]) -> Bool {
        hash.count == other.count && zip(hash, other).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }
}
