import Deployments
import Numbers

/// A moment of the engine's clock in nanoseconds since 1970.
public struct EventTime: Sendable, Hashable, Comparable {
    /// Nanoseconds since 1970-01-01T00:00:00Z; never negative.
    public let nanoseconds: Int64

    /// A moment; one before 1970 becomes the beginning of 1970.
    public init(nanoseconds: Int64) {
        self.nanoseconds = max(0, nanoseconds)
    }

    /// Reads what the engine writes: RFC 3339 in UTC with any number of decimals. Nil for other text.
    public init?(text: String) {
        let parts = text.split(separator: ".", maxSplits: 1)
        guard text.last == "Z", let whole = parts.first?.prefix(19),
            let seconds = Timestamp(text: "\(whole).000000Z")
        else { return nil }
        let decimals = parts.count > 1 ? parts[1].dropLast() : ""
        guard decimals.allSatisfy({ $0.isASCII && $0.isNumber }),
            let fraction = Int64("\(decimals.prefix(9))000000000".prefix(9))
        else { return nil }
        self.init(
            nanoseconds: seconds.microseconds.multipliedSaturated(by: 1_000).addingSaturated(
                fraction
            )
        )
    }

    /// The seconds since 1970 with nine decimals.
    public var text: String {
        let fraction = String(nanoseconds % 1_000_000_000)
        let padding = String(repeating: "0", count: max(0, 9 - fraction.count))
        return "\(nanoseconds / 1_000_000_000).\(padding)\(fraction)"
    }

    /// Earlier is less.
    public static func < (left: EventTime, right: EventTime) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}
