/// How often a server has refused its clients, or cut them off, by reason.
public struct RefusalCounts: Sendable, Equatable {
    /// Why a client was not served.
    public enum Reason: String, Sendable, Hashable, CaseIterable {
        /// No request, or one that could be read in two ways: 400.
        case malformed
        /// Larger than the limits: 413, 414, 431.
        case tooLarge = "too_large"
        /// Another protocol, coding or expectation: 417, 501, 505.
        case notSupported = "not_supported"
        /// A request that did not come in time, or too slowly: 408.
        case slowRequest = "slow_request"
        /// An answer that was not taken in time, or too slowly; its connection was closed.
        case slowReader = "slow_reader"
        /// A content for which there was no room: 503.
        case noRoom = "no_room"
        /// An idle connection that was closed for a new one.
        case idle
        /// As many connections as there may be: 503.
        case connections
        /// As many connections as one address may have: 429.
        case connectionsOfAddress = "connections_of_address"
        /// As many event streams as there may be: 503.
        case streams
        /// A handler's 429.
        case tooMany = "too_many"
        /// A handler's 503.
        case unavailable
    }

    private var counts: [Reason: Int] = [:]

    /// None yet.
    public init() {}

    /// How often for this reason.
    public subscript(reason: Reason) -> Int { counts[reason, default: 0] }

    mutating func add(_ reason: Reason) {
        counts[reason, default: 0] += 1
    }
}

extension RefusalCounts.Reason {
    init(_ error: RequestError) {
        switch error {
        case .malformed: self = .malformed
        case .targetTooLong, .fieldsTooLarge, .contentTooLarge: self = .tooLarge
        case .unknownExpectation, .notImplemented, .versionNotSupported: self = .notSupported
        case .timeout: self = .slowRequest
        case .noRoom: self = .noRoom
        }
    }

    /// What a handler's status tells; nil where it refuses nothing for want of room.
    init?(status: Int) {
        switch status {
        case 429: self = .tooMany
        case 503: self = .unavailable
        default: return nil
        }
    }
}
