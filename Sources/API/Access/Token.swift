public import Deployments

/// A bearer token (RFC 6750) and its rights.
public struct Token: Sendable, Hashable {
    /// The token's name in logs.
    public let name: String
    /// The role of its holder.
    public let role: Role
    /// The scope of the deployments that its holder may use.
    public let accessScope: AccessScope
    /// The SHA-256 hash of its text; the text itself is not kept.
    let hash: [UInt8]
    /// Whether its text is short enough to be guessed.
    public let isShort: Bool

    /// Creates the token of a text.
    public init(name: String, text: String, role: Role, accessScope: AccessScope) {
        self.name = name
        self.role = role
        self.accessScope = accessScope
        hash = SHA256.hash(Array(text.utf8))
        isShort = text.utf8.count < 16
    }

    /// Whether the hash is this token's. The comparison always takes the same time.
    func matches(_ other: [UInt8]) -> Bool {
        hash.count == other.count && zip(hash, other).reduce(0) { $0 | $1.0 ^ $1.1 } == 0
    }
}
