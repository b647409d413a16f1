/// Formats a moment as in RFC 9110 section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// The text for this number of seconds since 1970, which must not be negative.
    static func text(unixTime: Int) -> String {
        let day = unixTime / 86_400
        let second = unixTime % 86_400
        var year = 1970
        var rest = day
        while rest >= length(ofYear: year) {
            rest -= length(ofYear: year)
            year += 1
        }
        var month = 0
        while rest >= length(ofMonth: month, year) {
            rest -= length(ofMonth: month, year)
            month += 1
        }
        let time = [second / 3600, second / 60 % 60, second % 60].map(pad).joined(separator: ":")
        return "\(days[day % 7]), \(pad(rest + 1)) \(months[month]) \(year) \(time) GMT"
    }

    private static func length(ofYear year: Int) -> Int {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365
    }

    private static func length(ofMonth month: Int, _ year: Int) -> Int {
        month == 1
            ? length(ofYear: year) - 337 : [31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month]
    }

    private static func pad(_ value: Int) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
