/// The statistics of a server since its start. Counts only grow; the numbers of open connections
/// and streams are momentary.
public struct ServerStatistics: Sendable {
    /// The method and the status of an answer.
    public struct Answer: Sendable, Hashable {
        /// The request's method.
        public let method: MethodClass
        /// The answer's status.
        public let status: Int
    }

    /// The kinds of methods; methods that nobody uses here share one.
    public enum MethodClass: String, Sendable, CaseIterable {
        case get = "GET"
        case head = "HEAD"
        case post = "POST"
        case delete = "DELETE"
        case options = "OPTIONS"
        /// Any other method, or none if the request could not be read.
        case other

        init(_ method: Method?) {
            self = method.flatMap { Self(rawValue: $0.rawValue) } ?? .other
        }
    }

    /// The number of answers that have begun.
    public private(set) var answers: [Answer: Int] = [:]
    /// The number of clients that were refused or cut off.
    public internal(set) var refusals = RefusalCounts()
    /// The number of event streams that have begun.
    public internal(set) var streams = 0
    /// The number of events that were sent completely, counted for each stream.
    public internal(set) var delivered = 0
    /// The number of events that were left out for streams that were behind, because newer ones had
    /// superseded them.
    public internal(set) var collapsed = 0
    /// The number of open connections, including those of event streams.
    public internal(set) var openConnections = 0
    /// The number of open event streams.
    public internal(set) var openStreams = 0

    /// Creates statistics of a server that has done nothing yet.
    public init() {}

    mutating func answer(_ method: MethodClass, _ status: Int) {
        answers[Answer(method: method, status: status), default: 0] += 1
    }
}
