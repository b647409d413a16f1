/// What a token allows; each role allows what those before it do.
public enum Role: String, Sendable, Hashable, CaseIterable, Comparable {
    /// Looking at deployments, their streams and logs.
    case viewer
    /// Deploying; cancelling, stopping and starting what was deployed.
    case deployer
    /// Forgetting deployments; the server's own health and metrics.
    case admin

    /// In the order of what they allow.
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
