/// The rights of a token; each role includes the rights of those before it.
public enum Role: String, Sendable, Hashable, CaseIterable, Comparable {
    /// May see deployments, their streams and logs.
    case viewer
    /// May deploy, and may cancel, stop and start deployments.
    case deployer
    /// May delete deployments, and may see the server's own health and metrics.
    case admin

    /// Orders roles by their rights.
    public static func < (left: Role, right: Role) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .deployer: 1
        case .admin: 2
        }
    }
}
