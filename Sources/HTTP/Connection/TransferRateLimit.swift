/// Whether bytes come, or are taken, fast enough. A silence may not last as long as the limit, and once
/// that time has passed, at least `rate` bytes a second must have moved.
struct TransferRateLimit: Sendable, Equatable {
    /// Milliseconds.
    private let silence: Int
    /// Bytes a second.
    private let rate: Int
    /// When it began, in milliseconds; nil if nothing is under way.
    private var beginning: Int?
    private var bytes = 0

    /// Nothing is under way.
    init(silence: Duration, bytesPerSecond rate: Int) {
        let (seconds, attoseconds) = silence.components
        self.silence = Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        self.rate = max(1, rate)
    }

    /// Whether bytes are due.
    var isUnderWay: Bool { beginning != nil }

    /// Bytes are due from now on.
    mutating func begin(at now: Int) {
        beginning = now
        bytes = 0
    }

    /// None is due any more.
    mutating func end() {
        beginning = nil
    }

    /// Notes that `count` bytes have come, or were taken.
    mutating func note(_ count: Int) {
        bytes += count
    }

    /// How many milliseconds the next byte may take; nil if the time is over.
    func timeLeft(at now: Int) -> Int? {
        guard let beginning else { return silence }
        // Bytes are fewer than 2^31 here, and so is their time.
        let left = beginning + silence + bytes * 1000 / rate - now
        return left > 0 ? min(left, silence) : nil
    }
}
