/// Why a request to a server failed.
public enum ClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// There is no connection; the text says why.
    case unreachable(String)
    /// The connection broke or fell silent before the answer was complete; the text says why.
    case lost(String)
    /// The server has refused the request.
    case refused(Problem)
    /// The answer is not that of a Slipway server; the text says what is wrong with it.
    case notUnderstood(String)

    /// The error as a sentence, for people.
    public var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .lost(let reason): reason
        case .refused(let problem): problem.description
        case .notUnderstood(let reason): reason
        }
    }

    /// Whether another attempt may succeed.
    public var mayPass: Bool {
        switch self {
        case .unreachable, .lost: true
        // A proxy answers so while the server behind it is restarted.
        case .refused(let problem): [408, 425, 429, 500, 502, 503, 504].contains(problem.status)
        case .notUnderstood: false
        }
    }
}
