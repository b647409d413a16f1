import Deployments
import Foundation

/// The time zone of whoever looks.
enum LocalTime {
    /// Seconds east of UTC at a moment.
    static let offset: @Sendable (Timestamp) -> Int = { moment in
        let date = Date(timeIntervalSince1970: Double(moment.microseconds) / 1_000_000)
        return TimeZone.current.secondsFromGMT(for: date)
    }
}
