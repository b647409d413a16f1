public import Deployments

/// Times for people, in their local time.
public struct TimeText: Sendable {
    private let utcOffset: @Sendable (Timestamp) -> Int

    /// Makes texts of times; `utcOffset` gives the seconds that local time is east of UTC at a moment.
    public init(utcOffset: @escaping @Sendable (Timestamp) -> Int) {
        self.utcOffset = utcOffset
    }

    /// The time of day: `15:04:05`.
    public func clock(_ moment: Timestamp) -> String {
        String(local(moment).dropFirst(11))
    }

    /// The date and the time: `2026-11-21 15:04:05`.
    public func absolute(_ moment: Timestamp) -> String {
        let text = local(moment)
        return "\(text.prefix(10)) \(text.dropFirst(11))"
    }

    /// The distance to `now`: `just now`, `42 s ago`, `3 min ago`, `2 h ago`, `5 d ago`; `in 3 min` if the
    /// clocks of two machines differ.
    public static func relative(_ moment: Timestamp, now: Timestamp) -> String {
        let (difference, overflow) = now.microseconds.subtractingReportingOverflow(
            moment.microseconds
        )
        guard !overflow, difference != .min else { return "long ago" }
        let seconds = abs(difference) / 1_000_000
        let amount =
            switch seconds {
            case ..<60: "\(seconds) s"
            case ..<3600: "\(seconds / 60) min"
            case ..<86_400: "\(seconds / 3600) h"
            default: "\(seconds / 86_400) d"
            }
        // The clocks of two machines are never exactly the same.
        if seconds < (difference < 0 ? 60 : 10) { return "just now" }
        return difference < 0 ? "in \(amount)" : "\(amount) ago"
    }

    /// The local time as RFC 3339 text, without fraction and zone.
    private func local(_ moment: Timestamp) -> Substring {
        let offset = Int64(utcOffset(moment)) * 1_000_000
        let (shifted, overflow) = moment.microseconds.addingReportingOverflow(offset)
        return Timestamp(microseconds: overflow ? moment.microseconds : shifted).text.prefix(19)
    }
}
