/// Limits the requests that a client makes in a second: each client has a bucket of tokens.
struct RateLimiter: Sendable {
    /// Tokens that come back a second.
    let rate: Double
    /// Tokens that a full bucket holds.
    let burst: Double
    private var buckets: [String: Bucket] = [:]

    private struct Bucket {
        var tokens: Double
        var filled: ContinuousClock.Instant
    }

    /// Buckets beyond this many are cleared of those that are full again.
    private static let crowd = 10_000

    init(rate: Double, burst: Double) {
        self.rate = rate
        self.burst = burst
    }

    /// Takes a token. Gives nil, or the whole seconds after which there is one again.
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
