/// How often a server has refused its clients, or cut them off, by reason.
public struct RefusalCounts: Sendable, Equatable {
    /// Why a client was not served.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// No request, or one that could be read in two ways: 400.
        case malformed
        /// Fields that are larger than the limit, or more: 431.
        case headerBytes = "header_bytes"
        /// A target that is longer: 414.
        case targetBytes = "target_bytes"
        /// A content that is larger: 413.
        case bodyBytes = "body_bytes"
        /// Another protocol, coding or expectation: 417, 501, 505.
        case notSupported = "not_supported"
        /// Fields that did not come in time: 408.
        case headerTimeout = "header_timeout"
        /// A content that did not come in time, or too slowly: 408.
        case bodyTimeout = "body_timeout"
        /// An answer that was not taken in time, or too slowly; its connection was closed.
        case readTimeout = "read_timeout"
        /// A content for which there was no room: 503.
        case heldBytes = "held_bytes"
        /// An idle connection that was closed for a new one.
        case idle
        /// As many connections as there may be: 503.
        case connections
        /// As many connections as one address may have: 429.
        case connectionsOfAddress = "connections_per_address"
        /// As many event streams as there may be: 503.
        case streams
        /// A handler's 429.
        case tooMany = "too_many"
        /// A handler's 503.
        case unavailable
    }

    /// How often for each reason; those that there have not been are left out.
    public private(set) var counts: [Reason: Int] = [:]

    /// None yet.
    public init() {}

    /// How often for this reason.
    public subscript(reason: Reason) -> Int { counts[reason, default: 0] }

    mutating func add(_ reason: Reason, _ count: Int = 1) {
        guard count > 0 else { return }
        counts[reason, default: 0] += count
    }
}

extension RefusalCounts.Reason {
    /// Whether a limit of the server is the reason.
    public var isLimit: Bool {
        switch self {
        case .malformed, .notSupported, .tooMany, .unavailable: false
        default: true
        }
    }

    /// Why a request was refused; `isContent` where its fields were whole.
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

    /// What a handler's status tells; nil if it refuses nothing for want of room.
    init?(status: Int) {
        switch status {
        case 429: self = .tooMany
        case 503: self = .unavailable
        default: return nil
        }
    }
}
