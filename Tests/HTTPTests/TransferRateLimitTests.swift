import Testing

@testable import HTTP

@Suite("Pace of a transfer")
struct TransferRateLimitTests {
    @Test("A silence, or fewer bytes than the rate once its time has gone by, is too slow")
    func slownessIsFound() {
        var pace = TransferRateLimit(silence: .seconds(30), bytesPerSecond: 1000)
        #expect(!pace.isUnderWay && pace.timeLeft(at: 5) == 30_000)
        pace.begin(at: 1000)
        #expect(pace.isUnderWay)
        #expect(pace.timeLeft(at: 1000) == 30_000 && pace.timeLeft(at: 30_999) == 1)
        #expect(pace.timeLeft(at: 31_000) == nil)
        // One byte now and then buys a millisecond each.
        pace.note(1)
        #expect(pace.timeLeft(at: 30_000) == 1001 && pace.timeLeft(at: 31_001) == nil)
        // Whoever has been fast may be silent for as long as anybody, and no longer.
        pace.note(99_999)
        #expect(pace.timeLeft(at: 31_001) == 30_000)
        #expect(pace.timeLeft(at: 130_999) == 1 && pace.timeLeft(at: 131_000) == nil)
        pace.end()
        #expect(!pace.isUnderWay)
        pace.begin(at: 200_000)
        #expect(pace.timeLeft(at: 229_999) == 1 && pace.timeLeft(at: 230_000) == nil)
    }
}
