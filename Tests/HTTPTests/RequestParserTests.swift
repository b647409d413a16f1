import Testing

@testable import HTTP

@Suite("Request parser")
struct RequestParserTests {
    @Test("The fixtures are there")
    func fixturesAreThere() {
        #expect(Fixture.all.count > 100)
    }

    @Test("A fixture comes out as its name says", arguments: Fixture.all)
    func fixtureComesOutAsNamed(_ fixture: Fixture) {
        let outcome = ParsedOutcome([fixture.bytes[...]])
        switch fixture.expectation {
        case .accept:
            #expect(outcome.refusal == nil)
            #expect(!outcome.requests.isEmpty && outcome.isBetweenRequests)
        case .incomplete:
            #expect(outcome.refusal == nil)
            #expect(outcome.requests.isEmpty && !outcome.isBetweenRequests)
        case .reject(let status):
            #expect(outcome.refusal?.status == status, "\(String(describing: outcome.refusal))")
        }
    }

    @Test("A fixture split at any offset gives the same", arguments: Fixture.all)
    func fixtureSplitGivesTheSame(_ fixture: Fixture) {
        let bytes = fixture.bytes
        let whole = ParsedOutcome([bytes[...]])
        // Long fixtures are long by one repeated byte: their ends and a few cuts within say it all.
        let offsets =
            bytes.count < 1500
            ? Array(0...bytes.count)
            : Array(0..<60) + stride(from: 60, to: bytes.count, by: 4001)
                + Array(bytes.count - 20...bytes.count)
        for offset in offsets {
            let split = ParsedOutcome([bytes[..<offset], bytes[offset...]])
            #expect(split.isSame(as: whole), "split at \(offset)")
        }
    }

    @Test("A fixture given byte by byte gives the same", arguments: Fixture.all)
    func fixtureByteByByteGivesTheSame(_ fixture: Fixture) {
        let pieces = fixture.bytes.indices.map { fixture.bytes[$0...$0] }
        #expect(ParsedOutcome(pieces).isSame(as: ParsedOutcome([fixture.bytes[...]])))
    }

    @Test("A target without end is refused at its limit, whatever the pieces")
    func endlessTargetIsRefusedAtTheLimit() {
        var parser = RequestParser(limits: ServerLimits(), peer: .unix)
        let bytes = Array(("GET /" + String(repeating: "a", count: 200_000)).utf8)
        var taken = 0
        while taken < bytes.count {
            let piece = Array(bytes[taken..<min(taken + 7, bytes.count)])
            var offset = 0
            if case .refuse(let error) = parser.consume(piece.span, from: &offset) {
                #expect(error == .targetTooLong)
                #expect(taken + offset <= 8192 + 20)
                return
            }
            taken += piece.count
        }
        Issue.record("200 KB of target were taken")
    }

    @Test("100 Continue is asked for once, and only while no content has come")
    func continueIsAskedForWhileNoContentHasCome() {
        let head = Array(
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n".utf8
        )
        let body = Array("ok".utf8)
        let apart = ParsedOutcome([head[...], body[...]])
        #expect(apart.continues == 1 && apart.requests.count == 1)
        let together = ParsedOutcome([(head + body)[...]])
        #expect(together.continues == 0 && together.requests.count == 1)
    }

    @Test("The parts of a request are read as the client meant them")
    func partsAreRead() throws {
        let request = try parse(
            "PUT /a%20b//c%2Fd/?x=1+2&y&x=%26 HTTP/1.1\r\nHost: a\r\nX-L: 1\r\nx-l: 2\r\n"
                + "Content-Length: 2\r\n\r\nhi"
        )
        #expect(request.method == .put)
        #expect(request.path == "/a%20b//c%2Fd/")
        #expect(request.pathSegments == ["a b", "", "c/d", ""])
        #expect(
            request.query == [
                QueryItem(name: "x", value: "1 2"), QueryItem(name: "y", value: ""),
                QueryItem(name: "x", value: "&"),
            ]
        )
        #expect(request.queryValue("x") == "1 2" && request.queryValue("z") == nil)
        #expect(request.headers["X-l"] == "1, 2" && request.headers.values("x-L") == ["1", "2"])
        #expect(request.body == Array("hi".utf8))
    }

    @Test("The authority of a whole URI takes the Host field's place")
    func absoluteFormReplacesHost() throws {
        let request = try parse("GET HTTP://b.example:81 HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(request.headers.values("Host") == ["b.example:81"])
        #expect(request.path == "/" && request.pathSegments.isEmpty)
    }

    @Test(
        "The connection lives on as version and options say",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: x\r\nConnection: close\r\n\r\n", false),
            ("GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", true),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
            ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false),
        ]
    )
    func connectionLivesOn(_ text: String, _ lives: Bool) throws {
        #expect(try parseWhole(text).keepsAlive == lives)
    }

    @Test(
        "A content that is too long for its route is refused as soon as that is known",
        arguments: [
            ("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", true),
            ("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n", false),
            ("POST /large HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n", false),
            ("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n", true),
            (
                "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n"
                    + "5\r\n", true
            ),
            ("POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n", false),
        ]
    )
    func contentIsLimitedByItsRoute(_ text: String, _ isRefused: Bool) {
        var limits = ServerLimits()
        limits.content = { _, segments in .whole(segments == ["small"] ? 10 : 1000) }
        var parser = RequestParser(limits: limits, peer: .unix)
        var offset = 0
        let action = parser.consume(Array(text.utf8).span, from: &offset)
        if case .refuse(.contentTooLarge) = action {
            #expect(isRefused)
        } else {
            #expect(!isRefused, "\(action)")
        }
    }

    @Test("A field's bytes beyond ASCII are characters that nothing combines")
    func fieldValueIsLatin1() throws {
        let request = try parse("GET / HTTP/1.1\r\nHost: a\r\nX: e\u{301}\r\n\r\n")
        #expect(request.headers["X"]?.unicodeScalars.map(\.value) == [0x65, 0xCC, 0x81])
    }

    private func parse(_ text: String) throws -> Request {
        try parseWhole(text).request
    }

    private func parseWhole(_ text: String) throws -> ParsedRequest {
        var parser = RequestParser(limits: ServerLimits(), peer: .unix)
        let bytes = Array(text.utf8)
        var offset = 0
        let action = parser.consume(bytes.span, from: &offset)
        guard case .request(let parsed) = action, offset == bytes.count else {
            Issue.record("\(action)")
            throw RequestError.malformed(text)
        }
        return parsed
    }
}
