/// What a server has done since its start. Counts only grow; what is open is that of one moment.
public struct ServerStatistics: Sendable {
    /// A kind of answer.
    public struct Answer: Sendable, Hashable {
        /// The request's method.
        public let method: MethodClass
        /// The answer's status.
        public let status: Int
    }

    /// Methods, those that nobody uses here in one.
    public enum MethodClass: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case delete = "DELETE"
        case options = "OPTIONS"
        /// Every other; also where no request could be read.
        case other

        init(_ method: Method?) {
            self = method.flatMap { Self(rawValue: $0.rawValue) } ?? .other
        }
    }

    /// How many answers have begun.
    public private(set) var answers: [Answer: Int] = [:]
    /// How often clients have been refused or cut off.
    public internal(set) var refusals = RefusalCounts()
    /// Event streams that have begun.
    public internal(set) var streams = 0
    /// Events whose last byte went out, counted for each stream.
    public internal(set) var delivered = 0
    /// Events that a stream which was behind was spared, because newer ones made them worthless.
    public internal(set) var collapsed = 0
    /// Connections, those of event streams among them.
    public internal(set) var openConnections = 0
    /// Event streams.
    public internal(set) var openStreams = 0

    /// Of a server that has done nothing yet.
    public init() {}

    mutating func answer(_ method: MethodClass, _ status: Int) {
        answers[Answer(method: method, status: status), default: 0] += 1
    }
}
