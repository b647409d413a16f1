/// Judges whether bytes move fast enough. No silence may last as long as the limit, and once that
/// time has passed since the beginning, at least `rate` bytes a second must have moved.
struct TransferRateLimit: Sendable, Equatable {
    /// The limit in milliseconds.
    private let silence: Int
    /// The rate in bytes a second.
    private let rate: Int
    /// The time of the beginning, in milliseconds; nil if nothing is under way.
    private var beginning: Int?
    private var bytes = 0

    /// Creates a limit; nothing is under way.
    init(silence: Duration, bytesPerSecond rate: Int) {
        let (seconds, attoseconds) = silence.components
        self.silence = Int(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        self.rate = max(1, rate)
    }

    /// Whether bytes are due.
    var isUnderWay: Bool { beginning != nil }

    /// Starts to measure: bytes are due from now on.
    mutating func begin(at now: Int) {
        beginning = now
        bytes = 0
    }

    /// Stops measuring.
    mutating func end() {
        beginning = nil
    }

    /// Notes that `count` bytes have moved.
    mutating func note(_ count: Int) {
        bytes += count
    }

    /// The number of milliseconds until the next byte is due; nil if the time is over.
    func timeLeft(at now: Int) -> Int? {
        guard let beginning else { return silence }
        // The number of bytes is below 2^31, so the multiplication cannot overflow.
        let left = beginning + silence + bytes * 1000 / rate - now
        return left > 0 ? min(left, silence) : nil
    }
}
