import Terminal
import Testing

@Suite struct TableTests {
    private let table = Table(
        columns: [
            .init("name", priority: 3, minimum: 5),
            .init("count", priority: 1, alignment: .right),
            .init("note", priority: 2, minimum: 4),
        ],
        rows: [
            [.init("checkout"), .init("7"), .init("all is well")],
            [.init("商店"), .init("1200"), .init("")],
        ]
    )

    private func lines(_ width: Int?) -> [String] { table.lines(width: width, style: .plain) }

    @Test func withoutAWidthEverythingIsThereAndNothingIsEmpty() {
        #expect(
            lines(nil) == [
                "NAME      COUNT  NOTE",
                "checkout      7  all is well",
                "商店       1200  -",
            ]
        )
    }

    @Test func linesEndWithoutBlanks() {
        #expect(
            lines(80) == ["NAME      COUNT  NOTE", "checkout      7  all is well", "商店       1200"]
        )
    }

    @Test func widestColumnsAreCut() {
        #expect(
            lines(24) == ["NAME     COUNT  NOTE", "checko…      7  all is …", "商店      1200"]
        )
    }

    @Test func leastImportantColumnIsLeftOut() {
        #expect(lines(17) == ["NAME     NOTE", "checko…  all is …", "商店"])
        #expect(lines(10) == ["NAME", "checkout", "商店"])
    }

    @Test func lastColumnIsCutToAnyWidth() {
        #expect(lines(4) == ["NAME", "che…", "商店"])
        #expect(lines(3) == ["NA…", "ch…", "商…"])
        #expect(lines(0) == ["", "", ""])
    }

    @Test func emptyColumnIsLeftOutWhereThereIsAWidth() {
        let table = Table(
            columns: [.init("a", priority: 2), .init("b", priority: 3), .init("c", priority: 1)],
            rows: [[.init("1"), .init(""), .init("3")], [.init("2")]]
        )
        #expect(table.lines(width: 80, style: .plain) == ["A  C", "1  3", "2"])
        #expect(table.lines(width: nil, style: .plain) == ["A  B  C", "1  -  3", "2  -  -"])
    }

    @Test func tableWithoutRowsHasItsTitles() {
        let table = Table(columns: [.init("a", priority: 1), .init("b", priority: 2)], rows: [])
        #expect(table.lines(width: 80, style: .plain) == ["A  B"])
        #expect(Table(columns: [], rows: [[]]).lines(width: 80, style: .plain).isEmpty)
    }

    @Test func colourTakesNoColumns() {
        let painted = Table(
            columns: [.init("a", priority: 1), .init("b", priority: 2)],
            rows: [[.init("long", .red), .init("x", .green)]]
        )
        let lines = painted.lines(width: 80, style: .coloured)
        #expect(lines.map(printable) == painted.lines(width: 80, style: .plain))
        #expect(lines[1] == "\u{1B}[31mlong\u{1B}[0m  \u{1B}[32mx\u{1B}[0m")
    }
}
