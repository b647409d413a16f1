import Docker
import Engine
import Testing

struct ContainerLogTests {
    private func stamp(_ second: Int) -> String {
        "2026-11-21T10:30:\(second < 10 ? "0" : "")\(second).123456789Z "
    }

    private func lines(_ text: String, last: Int = 20) -> [ContainerLog.Line] {
        ContainerLog.lines(of: Array(text.utf8), last: last)
    }

    @Test func linesLoseTheirTimesAndKeepAllElse() {
        let text = "\(stamp(1))one \r\n\(stamp(2))\n\(stamp(3))\(stamp(4))x"
        #expect(lines(text).map(\.text) == ["one \r", "", "\(stamp(4))x"])
        #expect(lines(text, last: 1).map(\.text) == ["\(stamp(4))x"])
        #expect(lines("").isEmpty)
        #expect(lines("no time\n2026\n").map(\.text) == ["no time", "2026"])
    }

    @Test func theTimesOfALongLinesPiecesAreNotPartOfIt() {
        let piece = String(repeating: "x", count: 16_384)
        let text = "\(stamp(1))\(piece)\(stamp(2))\(piece)\(stamp(3))end\n\(stamp(4))next\n"
        #expect(lines(text).map(\.text) == [piece + piece + "end", "next"])
        #expect(lines(text).first?.time.contains(":01.") == true)
        #expect(lines("\(stamp(1))\(piece)\n").map(\.text) == [piece])
    }

    @Test func eachStreamKeepsItsLastWordsInTheirOrder() {
        let many = lines((1...40).map { "\(stamp($0))out \($0)\n" }.joined())
        let few = lines("\(stamp(3))cause\n\(stamp(40))end\n")
        let both = ContainerLog.merge(many, few, last: 20).map(\.text)
        #expect(both.count == 20 && both.first == "cause" && both.last == "end")
        #expect(ContainerLog.merge(few, many, last: 20).count == 20)
        #expect(ContainerLog.merge(many, many, last: 20).count == 20)
        #expect(
            ContainerLog.merge(few, few, last: 20).map(\.text) == ["cause", "cause", "end", "end"]
        )
        #expect(ContainerLog.merge([], few, last: 20) == few)
    }
}
