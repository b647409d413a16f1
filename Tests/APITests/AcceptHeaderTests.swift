import Testing

@testable import API

@Suite struct AcceptedTests {
    @Test(
        arguments: [
            (nil, false), ("", false), ("*/*", false), ("text/plain", false),
            ("text/event-stream", true), ("Text/Event-Stream", true),
            ("text/event-stream, */*;q=0.1", true), ("text/event-stream, */*", true),
            ("text/event-stream;q=0.5, */*", false), ("text/plain, text/event-stream", false),
            ("text/plain;q=0.5, text/event-stream;q=0.6", true),
            ("text/event-stream;q=0", false), ("text/event-stream;q=x", false),
            ("text/html, application/xhtml+xml, */*;q=0.8", false),
        ] as [(String?, Bool)]
    )
    func eventStreamIsGivenToWhoeverPrefersIt(_ field: String?, _ isPreferred: Bool) {
        #expect(AcceptHeader(field).prefersEventStream == isPreferred)
    }
}
