import Testing

@testable import Client

@Suite struct TimedResponseTests {
    @Test func eventsHaveTheMomentsAtWhichTheyWereComplete() {
        let texts = [(0, "data: 1\n"), (200, "\ndata: 2\n\nda"), (400, "ta: 3\n\n")]
        let answer = TimedResponse(
            status: 200,
            contentType: "text/event-stream",
            location: nil,
            pieces: texts.map { .init(time: .milliseconds($0.0), bytes: Array($0.1.utf8)) }
        )
        #expect(answer.events.map(\.event.data) == ["1", "2", "3"])
        #expect(answer.events.map(\.time) == [200, 200, 400].map { .milliseconds($0) })
        #expect(answer.problem == nil)
    }

    @Test func refusalIsRead() {
        let body = Array("{\"detail\":\"Not here.\"}".utf8)
        let answer = TimedResponse(
            status: 421,
            contentType: "application/problem+json",
            location: nil,
            pieces: [.init(time: .zero, bytes: body)]
        )
        #expect(answer.problem?.detail == "Not here.")
    }
}
