internal import Deployments
internal import Foundation
internal import Numbers

/// This machine's clock, and the engine's.
struct ClockFacts: Sendable {
    var now: Timestamp
    /// By how many microseconds the engine's clock is ahead of this one; nil if it is unknown.
    var lead: Int64?

    /// 2026-01-01, which was before the program was written.
    private static let earliest = Timestamp(microseconds: 1_767_225_600_000_000)

    var finding: Finding {
        let shown = now.text.prefix(19).replacing("T", with: " ")
        guard now >= Self.earliest else {
            return .wrong(
                .clock,
                "It says \(shown) UTC, which was long ago.",
                "Set the clock: certificates are not valid then, and the history is out of order."
            )
        }
        guard let lead else { return .ok(.clock, "\(shown) UTC.") }
        let seconds = lead.magnitude / 1_000_000
        guard seconds >= 5 else { return .ok(.clock, "\(shown) UTC, as the engine's.") }
        return .warning(
            .clock,
            "The engine's clock differs by \(seconds) s.",
            "Set both by network time."
        )
    }

    /// Reads a time in the engine's form: RFC 3339 with any fraction and offset. Nil for other text.
    static func moment(_ text: String) -> Timestamp? {
        let whole = text.prefix { $0 != "." }
        let rest = text.dropFirst(whole.count)
        let zone = rest.isEmpty ? "" : rest.dropFirst().drop { $0.isASCII && $0.isNumber }
        guard let date = try? Date(String(whole + zone), strategy: .iso8601) else { return nil }
        return Timestamp(microseconds: Int64(saturating: date.timeIntervalSince1970 * 1_000_000))
    }
}
