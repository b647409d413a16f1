/// Whether bytes come, or are taken, fast enough: never so long a silence, and once that time has
/// gone by no fewer a second than the rate.
struct TransferRateLimit: Sendable, Equatable {
    /// Milliseconds.
    private let silence: Int
    /// Bytes a second.
    private let rate: Int
    /// When it began, in milliseconds; nil where nothing is under way.
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

    /// So many bytes have come, or were taken.
    mutating func note(_ count: Int) {
        bytes += count
    }

    /// How many milliseconds the next byte may take; nil where the time is over.
    func timeLeft(at now: Int) -> Int? {
        guard let beginning else { return silence }
        // Bytes are fewer than 2^31 here, and so is their time.
        let left = beginning + silence + bytes * 1000 / rate - now
        return left > 0 ? min(left, silence) : nil
    }
}
