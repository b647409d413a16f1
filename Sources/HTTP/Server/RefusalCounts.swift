/// Counts by reason how often a server has refused clients or cut them off.
public struct RefusalCounts: Sendable, Equatable {
    /// The reason why a client was not served.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// The bytes were not a request, or could be read in two ways: 400.
        case malformed
        /// The fields exceeded the limit of their size or number: 431.
        case headerBytes = "header_bytes"
        /// The target exceeded the limit: 414.
        case targetBytes = "target_bytes"
        /// The content exceeded the limit: 413.
        case bodyBytes = "body_bytes"
        /// The client used another protocol version, coding or expectation: 417, 501, 505.
        case notSupported = "not_supported"
        /// The fields did not come in time: 408.
        case headerTimeout = "header_timeout"
        /// The content did not come in time, or came too slowly: 408.
        case bodyTimeout = "body_timeout"
        /// The answer was not taken in time, or was taken too slowly; the connection was closed.
        case readTimeout = "read_timeout"
        /// There was no memory left for the content: 503.
        case heldBytes = "held_bytes"
        /// The connection was idle and was closed for a new one.
        case idle
        /// There were too many connections: 503.
        case connections
        /// There were too many connections from one address: 429.
        case connectionsOfAddress = "connections_per_address"
        /// There were too many event streams: 503.
        case streams
        /// A handler answered 429.
        case tooMany = "too_many"
        /// A handler answered 503.
        case unavailable
    }

    /// The count of each reason; reasons that have not occurred are left out.
    public private(set) var counts: [Reason: Int] = [:]

    /// Creates empty counts.
    public init() {}

    /// The count of a reason.
    public subscript(reason: Reason) -> Int { counts[reason, default: 0] }

    mutating func add(_ reason: Reason, _ count: Int = 1) {
        guard count > 0 else { return }
        counts[reason, default: 0] += count
    }
}

extension RefusalCounts.Reason {
    /// Whether a limit of the server is the cause.
    public var isLimit: Bool {
        switch self {
        case .malformed, .notSupported, .tooMany, .unavailable: false
        default: true
        }
    }

    /// Creates the reason for a request error. `isContent` says that the fields were already whole.
    init(_ error: RequestError, isContent: Bool) {
        switch error {
        case .malformed: self = .malformed
        case .targetTooLong: self = .targetBytes
        case .fieldsTooLarge: self = .headerBytes
        case .contentTooLarge: self = .bodyBytes
        case .unknownExpectation, .notImplemented, .versionNotSupported: self = .notSupported
        case .timeout: self = isContent ? .bodyTimeout : .headerTimeout
        case .noRoom: self = .heldBytes
        }
    }

    /// Creates the reason for a handler's status; nil if the status is not a refusal for lack of
    /// room.
    init?(status: Int) {
        switch status {
        case 429: self = .tooMany
        case 503: self = .unavailable
        default: return nil
        }
    }
}
