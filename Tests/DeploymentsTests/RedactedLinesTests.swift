import Deployments
import Testing

@Suite struct RedactedLinesTests {
    /// The lines of the text, fed in pieces of so many bytes.
    private func lines(
        _ text: [UInt8],
        secrets: [String] = [],
        limit: Int = 65_536,
        pieces: Int = .max
    ) -> [String] {
        var lines = RedactedLines(Redactor(values: secrets), limit: limit)
        var result: [String] = []
        var rest = text[...]
        while !rest.isEmpty {
            result += lines.feed(Array(rest.prefix(pieces)))
            rest = rest.dropFirst(pieces)
        }
        return result + [lines.finish()].compactMap(\.self)
    }

    @Test func anyWayOfCuttingTheInputGivesTheSameLines() {
        let text = Array("one\n\nsecret-word and secret-word\r\nlast".utf8)
        let expected = ["one", "", "*** and ***\r", "last"]
        for size in 1...text.count {
            #expect(lines(text, secrets: ["secret-word"], pieces: size) == expected)
        }
    }

    @Test func whatIsNotUTF8IsRepaired() {
        let text: [UInt8] = [0x61, 0xFF, 0xFE, 0x62, 0x0A, 0xE2, 0x82]
        #expect(lines(text) == ["a\u{FFFD}\u{FFFD}b", "\u{FFFD}"])
    }

    @Test func secretAmongBytesThatAreNotUTF8IsMasked() {
        let text = [0xFF] + Array("hunter2".utf8) + [0xFE, 0x0A]
        #expect(lines(text, secrets: ["hunter2"]) == ["\u{FFFD}***\u{FFFD}"])
    }

    @Test func longLineIsGivenInPiecesAndNoCutGoesThroughASecret() {
        let secret = "0123456789"
        for offset in 0..<60 {
            let line =
                String(repeating: "x", count: offset) + secret
                + String(repeating: "y", count: 60 - offset)
            let pieces = lines(Array((line + "\n").utf8), secrets: [secret], limit: 32)
            #expect(pieces.count > 1 && pieces.allSatisfy { $0.utf8.count <= 32 })
            let whole = pieces.joined()
            #expect(whole == line.replacing(secret, with: "***"), "at \(offset)")
        }
    }

    @Test func endlessLineIsHeldInPart() {
        var lines = RedactedLines(Redactor(values: []), limit: 1000)
        var count = 0
        for _ in 0..<100 {
            count += lines.feed([UInt8](repeating: 0x61, count: 999)).joined().utf8.count
        }
        #expect(count >= 99_900 - 1000)
    }
}
