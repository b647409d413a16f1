import Numbers

/// How fast bytes move, over the last few seconds.
struct TransferRate: Sendable {
    private var samples: [(time: Duration, bytes: Int64)] = []

    /// How far back the rate looks.
    private static let window: Duration = .seconds(3)

    /// Notes how many bytes had moved by then; times must not go back.
    mutating func note(_ bytes: Int64, at time: Duration) {
        samples.append((time, bytes))
        while samples.count > 2, let first = samples.first, time - first.time > Self.window {
            samples.removeFirst()
        }
    }

    /// Bytes per second; nil until two samples lie far enough apart to say.
    var bytesPerSecond: Int64? {
        guard let first = samples.first, let last = samples.last else { return nil }
        let elapsed = (last.time - first.time) / .seconds(1)
        guard elapsed >= 0.05, last.bytes > first.bytes else { return nil }
        return Int64(saturating: Double(last.bytes.subtractingSaturated(first.bytes)) / elapsed)
    }

    /// Whole seconds until `left` bytes have moved at the present rate, rounded up.
    func secondsLeft(_ left: Int64) -> Int64? {
        guard let rate = bytesPerSecond, rate > 0 else { return nil }
        return left / rate + (left % rate > 0 ? 1 : 0)
    }
}
