/// A number of bytes for people, in decimal units with one decimal place: `41.2 MB`.
///
/// A negative number counts as 0.
public func byteText(_ count: Int64) -> String {
    let (divisor, unit) = byteUnit(of: count)
    return "\(byteFigure(count, divisor)) \(unit)"
}

/// Two numbers of bytes in the unit of the larger one: `41.2 of 96.0 MB`.
public func byteText(_ done: Int64, of total: Int64, separator: String = " of ") -> String {
    let (divisor, unit) = byteUnit(of: max(done, total))
    return "\(byteFigure(done, divisor))\(separator)\(byteFigure(total, divisor)) \(unit)"
}

private func byteUnit(of count: Int64) -> (divisor: Double, unit: String) {
    var divisor = 1.0
    for unit in ["B", "kB", "MB"] {
        if Double(count) / divisor < (divisor == 1 ? 1000 : 999.95) { return (divisor, unit) }
        divisor *= 1000
    }
    return (divisor, "GB")
}

private func byteFigure(_ count: Int64, _ divisor: Double) -> String {
    guard divisor > 1 else { return "\(max(0, count))" }
    let tenths = Int64((Double(max(0, count)) / divisor * 10).rounded())
    return "\(tenths / 10).\(tenths % 10)"
}
