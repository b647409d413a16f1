/// A number of bytes for people, in decimal units with one place: `41.2 MB`.
func byteText(_ count: Int64) -> String {
    var value = Double(count)
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 999.95 || unit == "GB" {
            return unit == "B" ? "\(count) B" : "\(tenths(value)) \(unit)"
        }
        value /= 1000
    }
    return "\(count) B"
}

/// `41.2 of 96.0 MB`: both in the unit of the larger.
func byteText(_ done: Int64, of total: Int64) -> String {
    var divisor = 1.0
    for unit in ["B", "kB", "MB", "GB"] {
        if Double(total) / divisor < 999.95 || unit == "GB" {
            return unit == "B"
                ? "\(done) of \(total) B"
                : "\(tenths(Double(done) / divisor)) of \(tenths(Double(total) / divisor)) \(unit)"
        }
        divisor *= 1000
    }
    return "\(done) of \(total) B"
}

private func tenths(_ value: Double) -> String {
    let tenths = Int64((value * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}
