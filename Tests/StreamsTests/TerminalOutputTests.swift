import Streams
import Testing

struct TerminalOutputTests {
    private func pieces(_ bytes: [UInt8], limit: Int = 1024, cut: Int? = nil) -> [String] {
        var output = TerminalOutput(limit: limit)
        var pieces: [String] = []
        let take = { (piece: [UInt8]) in pieces.append(String(decoding: piece, as: UTF8.self)) }
        if let cut {
            output.feed(Array(bytes[..<cut]), take)
            output.feed(Array(bytes[cut...]), take)
        } else {
            output.feed(bytes, take)
        }
        output.finish(take)
        return pieces
    }

    @Test(arguments: [
        ("one\ntwo\r\nthree", ["one", "two", "three"]),
        ("\u{1B}[1A\u{1B}[2K\rabc: x \r\u{1B}[1B", ["abc: x "]),
        ("a\u{1B}[31mb\u{1B}[0mc\n", ["abc"]),
        ("a\u{1B}[2Kb", ["a", "b"]),
        ("a\tb\u{0}\u{7}c\u{7F}d", ["a bcd"]),
        ("Füße\n", ["Füße"]),
        ("a\u{1B}7b\u{1B}\nc", ["ab", "c"]),
        ("\u{1B}[12\nx", ["x"]),
        ("", []),
        ("\r\n\r\n", []),
    ])
    func textIsCutWhereALineEndsOrTheCursorMoves(_ text: String, _ expected: [String]) {
        let bytes = Array(text.utf8)
        #expect(pieces(bytes) == expected)
        for cut in 0...bytes.count { #expect(pieces(bytes, cut: cut) == expected) }
    }

    @Test func anEndlessLineIsKeptToTheLimit() {
        let bytes = [UInt8](repeating: 0x78, count: 1_000_000) + [0x0A, 0x79]
        #expect(pieces(bytes, limit: 10) == ["xxxxxxxxxx", "y"])
    }

    @Test func anEndlessControlSequenceEndsByItself() {
        let bytes = [0x1B, 0x5B] + [UInt8](repeating: 0x31, count: 1000) + [0x0A]
        #expect(pieces(bytes).joined().utf8.count < 1000)
        #expect(pieces(bytes + Array("text\n".utf8)).last == "text")
    }
}
