import Deployments
import Terminal
import Testing

@Suite struct TimeTextTests {
    private let moment = Timestamp(microseconds: 1_795_273_445_999_999)

    private func after(_ seconds: Int64) -> Timestamp {
        Timestamp(microseconds: moment.microseconds + seconds * 1_000_000)
    }

    @Test func momentIsToldInLocalTime() {
        let east = TimeText { _ in 12 * 3600 }
        #expect(east.clock(moment) == "03:04:05")
        #expect(east.absolute(moment) == "2026-11-22 03:04:05")
        let west = TimeText { _ in -(15 * 3600 + 5 * 60) }
        #expect(west.clock(moment) == "23:59:05")
        #expect(west.absolute(moment) == "2026-11-20 23:59:05")
    }

    @Test(arguments: [
        (Int64(0), "just now"), (9, "just now"), (42, "42 s ago"), (200, "3 min ago"),
        (7300, "2 h ago"), (200_000, "2 d ago"), (-30, "just now"), (-200, "in 3 min"),
    ])
    func ageIsToldInOneUnit(_ seconds: Int64, _ text: String) {
        #expect(TimeText.relative(moment, now: after(seconds)) == text)
    }

    @Test func noMomentIsTooFarAway() {
        let first = Timestamp(microseconds: .min)
        #expect(TimeText.relative(first, now: Timestamp(microseconds: .max)) == "long ago")
    }
}
