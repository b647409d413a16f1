import Deployments
import Testing

@Suite struct TimestampTests {
    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
            (1_795_257_000_123_456, "2026-11-21T10:30:00.123456Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (4_107_542_399_999_999, "2100-02-28T23:59:59.999999Z"),
            (-2_208_988_800_000_000, "1900-01-01T00:00:00.000000Z"),
            (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
        ] as [(Int64, String)]
    )
    func momentIsWrittenAndReadBack(_ microseconds: Int64, _ text: String) {
        let moment = Timestamp(microseconds: microseconds)
        #expect(moment.text == text)
        #expect(Timestamp(text: text) == moment)
    }

    @Test func manyMomentsSurviveTheirText() {
        for step: Int64 in 0..<3000 {
            let moment = Timestamp(microseconds: step * 86_399_000_007 + step % 1_000_000)
            #expect(Timestamp(text: moment.text) == moment)
        }
    }

    @Test(arguments: [
        "", "2026-11-21T10:30:00Z", "2026-11-21T10:30:00.123Z", "2026-11-21 10:30:00.123456Z",
        "2026-11-21T10:30:00.123456+", "2026-13-21T10:30:00.123456Z", "2026-11-21T10:30:00.+23456Z",
        "2026-11-31T10:30:00.123456Z", "2026-11-21T24:30:00.123456Z", "2026-02-29T10:30:00.123456Z",
        "2026-11-21T10:61:00.123456Z", "2026-11-21T10:30:61.123456Z", "é026-11-21T10:30:0.123456Z",
    ])
    func otherTextIsRefused(_ text: String) {
        #expect(Timestamp(text: text) == nil)
    }

    @Test func noMomentIsBeyondItsText() {
        for microseconds in [Int64.min, .min + 1, .max] {
            #expect(Timestamp(microseconds: microseconds).text.hasSuffix("Z"))
        }
    }

    @Test func millisecondsAreNeverNegative() {
        let early = Timestamp(microseconds: 1_000)
        let late = Timestamp(microseconds: 5_999)
        #expect(early < late)
        #expect(Timestamp.milliseconds(from: early, to: late) == 4)
        #expect(Timestamp.milliseconds(from: late, to: early) == 0)
    }
}
