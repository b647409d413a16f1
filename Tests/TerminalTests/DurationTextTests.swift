import Terminal
import Testing

@Suite struct DurationTextTests {
    @Test(arguments: [
        (Int64(0), "0s"), (-5, "0s"), (812, "0.8s"), (20, "0.1s"), (999, "0.9s"), (1000, "1s"),
        (5400, "5s"),
        (154_000, "2m 34s"), (3_900_000, "1h 05m"),
        (273_600_000, "3d 04h"), (.max, "100d+"),
    ])
    func lengthIsSaidInTwoUnitsAtMost(_ milliseconds: Int64, _ text: String) {
        #expect(DurationText.text(milliseconds: milliseconds) == text)
    }

    @Test func preciseLengthHasTenthsBelowTenSeconds() {
        #expect(DurationText.precise(milliseconds: 1449) == "1.4s")
        #expect(DurationText.precise(milliseconds: 9949) == "9.9s")
        #expect(DurationText.precise(milliseconds: 10_000) == "10s")
        #expect(DurationText.precise(milliseconds: 0) == "0.0s")
        #expect(DurationText.precise(milliseconds: .min) == "0.0s")
    }
}
