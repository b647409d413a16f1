import Deployments
import Foundation

/// The local time zone.
enum LocalTime {
    /// Seconds east of UTC at a moment.
    static let offset: @Sendable (Timestamp) -> Int = { moment in
        let date = Date(timeIntervalSince1970: Double(moment.microseconds) / 1_000_000)
        return TimeZone.current.secondsFromGMT(for: date)
    }
}
