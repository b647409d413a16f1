import Deployments
import Testing

@Suite struct ByteTextTests {
    @Test(arguments: [
        (Int64(0), "0 B"), (999, "999 B"), (1000, "1.0 kB"), (41_234_567, "41.2 MB"),
        (999_949, "999.9 kB"), (999_999, "1.0 MB"), (96_000_000_000, "96.0 GB"),
    ])
    func amount(_ count: Int64, _ text: String) {
        #expect(byteText(count) == text)
    }

    @Test func noNumberBreaksTheText() {
        #expect(byteText(.min) == "0 B")
        #expect(byteText(.max) == "9223372036.9 GB")
    }

    @Test func bothPartsHaveTheUnitOfTheLarger() {
        #expect(byteText(41_200_000, of: 96_000_000) == "41.2 of 96.0 MB")
        #expect(byteText(200_000, of: 96_000_000) == "0.2 of 96.0 MB")
        #expect(byteText(96_000_000, of: 200_000) == "96.0 of 0.2 MB")
        #expect(byteText(12, of: 34, separator: "/") == "12/34 B")
    }
}
