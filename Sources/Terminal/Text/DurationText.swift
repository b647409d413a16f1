/// Durations for people.
public enum DurationText {
    /// The duration in at most seven columns: `0.8s`, `5s`, `2m 34s`, `1h 05m`, `3d 04h`. From one second
    /// on, it is rounded down. A negative duration counts as zero.
    public static func text(milliseconds: Int64) -> String {
        let seconds = max(0, milliseconds) / 1000
        switch seconds {
        case 0: return milliseconds > 0 ? "0.\(max(1, milliseconds / 100))s" : "0s"
        case ..<60: return "\(seconds)s"
        case ..<3600: return "\(seconds / 60)m \(two(seconds % 60))s"
        case ..<86_400: return "\(seconds / 3600)h \(two(seconds / 60 % 60))m"
        case ..<(100 * 86_400): return "\(seconds / 86_400)d \(two(seconds / 3600 % 24))h"
        default: return "100d+"
        }
    }

    /// Like `text`, but with a tenth of a second below ten seconds: `1.4s`.
    public static func precise(milliseconds: Int64) -> String {
        guard milliseconds < 10_000 else { return text(milliseconds: milliseconds) }
        let tenths = max(0, milliseconds) / 100
        return "\(tenths / 10).\(tenths % 10)s"
    }

    static func two(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}
