/// Limits the rate of each client's requests with a token bucket.
struct RateLimiter: Sendable {
    /// The number of tokens that are added each second.
    let rate: Double
    /// The number of tokens in a full bucket.
    let burst: Double
    private var buckets: [String: Bucket] = [:]

    private struct Bucket {
        var tokens: Double
        var filled: ContinuousClock.Instant
    }

    /// If there are more buckets than this, full ones are removed.
    private static let crowd = 10_000

    init(rate: Double, burst: Double) {
        self.rate = rate
        self.burst = burst
    }

    /// Takes a token. Returns nil, or the number of whole seconds until there is a token again.
    mutating func take(_ client: String, at now: ContinuousClock.Instant) -> Int? {
        if buckets.count > Self.crowd {
            buckets = buckets.filter { filled($0.value, at: now) < burst }
        }
        var tokens = buckets[client].map { filled($0, at: now) } ?? burst
        defer { buckets[client] = Bucket(tokens: tokens, filled: now) }
        guard tokens >= 1 else { return max(1, Int(((1 - tokens) / rate).rounded(.up))) }
        tokens -= 1
        return nil
    }

    private func filled(_ bucket: Bucket, at now: ContinuousClock.Instant) -> Double {
        min(burst, bucket.tokens + rate * ((now - bucket.filled) / .seconds(1)))
    }
}
