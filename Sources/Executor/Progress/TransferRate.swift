import Numbers

/// The rate at which bytes are transferred, over the last few seconds.
struct TransferRate: Sendable {
    private var samples: [(time: Duration, bytes: Int64)] = []

    /// The time span over which the rate is measured.
    private static let window: Duration = .seconds(3)

    /// Adds the number of bytes that were transferred up to a time. Times must not go back.
    mutating func note(_ bytes: Int64, at time: Duration) {
        samples.append((time, bytes))
        while samples.count > 2, let first = samples.first, time - first.time > Self.window {
            samples.removeFirst()
        }
    }

    /// The bytes per second; nil until two samples are far enough apart.
    var bytesPerSecond: Int64? {
        guard let first = samples.first, let last = samples.last else { return nil }
        let elapsed = (last.time - first.time) / .seconds(1)
        guard elapsed >= 0.05, last.bytes > first.bytes else { return nil }
        return Int64(saturating: Double(last.bytes.subtractingSaturated(first.bytes)) / elapsed)
    }

    /// The whole seconds until `left` more bytes are transferred at the current rate, rounded up; nil if
    /// there is no rate.
    func secondsLeft(_ left: Int64) -> Int64? {
        guard let rate = bytesPerSecond, rate > 0 else { return nil }
        return left / rate + (left % rate > 0 ? 1 : 0)
    }
}
