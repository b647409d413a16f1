import Testing

@testable import Executor

struct TransferRateBoundTests {
    @Test func bytesOfAnyNumberAreCounted() {
        var rate = TransferRate()
        rate.note(0, at: .zero)
        rate.note(.max, at: .milliseconds(50))
        #expect(rate.bytesPerSecond == .max)
        #expect(rate.secondsLeft(.max) == 1)
        var slow = TransferRate()
        slow.note(0, at: .zero)
        slow.note(3, at: .seconds(1))
        #expect(slow.secondsLeft(Int64.max) == Int64(3_074_457_345_618_258_603))
        #expect(slow.secondsLeft(3) == 1 && slow.secondsLeft(4) == 2)
    }
}
