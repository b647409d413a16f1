/// Why a server did not do what it was asked.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no connection; why.
    case unreachable(String)
    /// The connection broke, or fell silent, in the middle; why.
    case lost(String)
    /// The server said no.
    case refused(Problem)
    /// What answered is no server of this kind; why it seems so.
    case notUnderstood(String)

    /// A sentence for a person.
    public var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .lost(let reason): reason
        case .refused(let problem): problem.description
        case .notUnderstood(let reason): reason
        }
    }

    /// Whether asking again may help.
    public var mayPass: Bool {
        switch self {
        case .unreachable, .lost: true
        // A proxy whose server is being started again says such things.
        case .refused(let problem): [408, 425, 429, 500, 502, 503, 504].contains(problem.status)
        case .notUnderstood: false
        }
    }
}
