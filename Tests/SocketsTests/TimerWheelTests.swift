import Testing

@testable import Sockets

@Suite("Timer wheel")
struct TimerWheelTests {
    @Test("Entries come out at their tick, in the order of the ticks")
    func entriesComeOutAtTheirTick() {
        var wheel = TimerWheel(now: 1)
        #expect(wheel.next == nil)
        #expect(wheel.insert(7, at: 300) == 300)
        #expect(wheel.insert(8, at: 20) == 20)
        #expect(wheel.insert(9, at: 20) == 20)
        #expect(wheel.next == 20)
        #expect(wheel.removeDue(19).isEmpty)
        let due = wheel.removeDue(300)
        #expect(due.map(\.tick) == [20, 300])
        #expect(due.map(\.tokens) == [[8, 9], [7]])
        #expect(wheel.next == nil)
    }

    @Test("An entry in the past comes out at the next tick, one beyond the rim at the rim")
    func entriesAreClampedToTheWheel() {
        var wheel = TimerWheel(now: 5000)
        #expect(wheel.insert(1, at: 10) == 5001)
        let rim = wheel.insert(2, at: 1_000_000)
        #expect(rim > 5001 && rim < 5000 + 2048)
        #expect(wheel.next == 5001)
        #expect(wheel.removeDue(5001).map(\.tokens) == [[1]])
        #expect(wheel.next == rim)
    }

    @Test("After a long sleep nothing is lost and nothing comes twice")
    func longSleepLosesNothing() {
        var wheel = TimerWheel(now: 1)
        for token in 1...500 as ClosedRange<UInt64> {
            _ = wheel.insert(token, at: UInt32(token) * 4)
        }
        var tokens = wheel.removeDue(1001).flatMap(\.tokens)
        #expect(tokens.count == 250)
        tokens += wheel.removeDue(1_000_000).flatMap(\.tokens)
        #expect(tokens == Array(1...500))
        #expect(wheel.removeDue(2_000_000).isEmpty)
    }
}
