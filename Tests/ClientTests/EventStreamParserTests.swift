import Testing

@testable import Client

@Suite struct EventStreamParserTests {
    static let streams: [String] = [
        "retry: 1000\nid: 1\ndata: one\n\n: heartbeat\n\nid: 2\ndata: two\ndata: three\n\n",
        "\u{FEFF}id: 1\r\ndata: one\r\n\r\n:\r\n\r\nid:2\r\ndata:two\r\ndata: three\r\n\r\n",
        "id: 1\rdata: one\r\revent: x\nid: 2\ndata: two\ndata: three\nunknown\n\n",
    ]

    @Test(arguments: streams)
    func eventsAreTheSameHoweverTheyAreSplit(_ text: String) {
        let expected = [
            ServerSentEvent(id: "1", data: "one"), ServerSentEvent(id: "2", data: "two\nthree"),
        ]
        let bytes = Array(text.utf8)
        for split in 0...bytes.count {
            var parser = EventStreamParser()
            #expect(parser.read(bytes[..<split]) + parser.read(bytes[split...]) == expected)
        }
        var parser = EventStreamParser()
        #expect(bytes.flatMap { parser.read([$0]) } == expected)
    }

    @Test func eventWithoutDataIsNoneAndItsIdStays() {
        var parser = EventStreamParser()
        #expect(
            parser.read(Array("id: 7\n\ndata: x\n\n".utf8)) == [ServerSentEvent(id: "7", data: "x")]
        )
    }

    @Test func eventThatBreaksOffIsNone() {
        var parser = EventStreamParser()
        #expect(parser.read(Array("id: 1\ndata: one\n".utf8)).isEmpty)
    }
}
