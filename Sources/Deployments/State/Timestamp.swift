import Foundation
import Numbers

/// A moment in UTC, in whole microseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Sendable, Hashable, Comparable {
    /// Microseconds since the epoch; negative before it.
    public let microseconds: Int64

    /// The moment this many microseconds after the epoch.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// The present moment of the wall clock.
    public static func now() -> Timestamp {
        Timestamp(microseconds: Int64((Date().timeIntervalSince1970 * 1_000_000).rounded()))
    }

    /// The moment as RFC 3339 text with microseconds and `Z`: `2026-11-21T10:30:00.123456Z`.
    public var text: String {
        let seconds = Self.floorDivide(microseconds, 1_000_000)
        // For the earliest moments this product overflows, but the difference is right.
        let fraction = microseconds &- seconds &* 1_000_000
        let day = Self.floorDivide(seconds, 86_400)
        let second = seconds - day * 86_400
        let (year, month, dayOfMonth) = Self.civilDate(daysSinceEpoch: day)
        // Most of a record's JSON consists of timestamps, so no string is created for each part.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(27)
        func put(_ value: Int64) {
            bytes.append(0x30 &+ UInt8(truncatingIfNeeded: value / 10 % 10))
            bytes.append(0x30 &+ UInt8(truncatingIfNeeded: value % 10))
        }
        put(year / 100)
        put(year % 100)
        bytes.append(UInt8(ascii: "-"))
        put(month)
        bytes.append(UInt8(ascii: "-"))
        put(dayOfMonth)
        bytes.append(UInt8(ascii: "T"))
        put(second / 3600)
        bytes.append(UInt8(ascii: ":"))
        put(second / 60 % 60)
        bytes.append(UInt8(ascii: ":"))
        put(second % 60)
        bytes.append(UInt8(ascii: "."))
        put(fraction / 10_000)
        put(fraction / 100 % 100)
        put(fraction % 100)
        bytes.append(UInt8(ascii: "Z"))
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Parses what `text` writes; nil for anything else.
    public init?(text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count == 27 else { return nil }
        func number(_ range: Range<Int>) -> Int64 {
            bytes[range].reduce(0) { $0 * 10 + Int64($1) - 0x30 }
        }
        let days = Self.daysSinceEpoch(
            year: number(0..<4),
            month: number(5..<7),
            day: number(8..<10)
        )
        let seconds = number(11..<13) * 3600 + number(14..<16) * 60 + number(17..<19)
        self.init(microseconds: (days * 86_400 + seconds) * 1_000_000 + number(20..<26))
        // If a byte is not a digit or separator, or is out of range, the result is written
        // differently.
        guard self.text == text else { return nil }
    }

    /// The moment that is later by the duration.
    public func advanced(by duration: Duration) -> Timestamp {
        let (seconds, attoseconds) = duration.components
        return Timestamp(
            microseconds: microseconds.addingSaturated(seconds.multipliedSaturated(by: 1_000_000))
                .addingSaturated(attoseconds / 1_000_000_000_000)
        )
    }

    /// Compares moments; the earlier one is less.
    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.microseconds < right.microseconds
    }

    /// The milliseconds from `start` to `end`; never negative.
    public static func milliseconds(from start: Timestamp, to end: Timestamp) -> Int64 {
        max(0, end.microseconds.subtractingSaturated(start.microseconds) / 1000)
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        let quotient = value / divisor
        return value % divisor < 0 ? quotient - 1 : quotient
    }

    /// Converts days to a proleptic Gregorian date, counted in eras of 400 years that begin on 1
    /// March.
    private static func civilDate(daysSinceEpoch: Int64) -> (Int64, Int64, Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = floorDivide(shifted, 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The inverse of `civilDate`.
    private static func daysSinceEpoch(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let shiftedMonth = month > 2 ? month - 3 : month + 9
        let era = floorDivide(shiftedYear, 400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }
}
