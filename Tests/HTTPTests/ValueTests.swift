import Testing

@testable import HTTP

@Suite("HTTP values")
struct ValueTests {
    @Test(
        "An address is read and written in the same form",
        arguments: [
            ("127.0.0.1:8000", ListenAddress.tcp(host: "127.0.0.1", port: 8000)),
            ("[::1]:0", .tcp(host: "::1", port: 0)),
            ("localhost:65535", .tcp(host: "localhost", port: 65_535)),
            ("unix:/run/a.sock", .unix(path: "/run/a.sock")),
        ]
    )
    func addressIsRead(_ text: String, _ address: ListenAddress) throws {
        #expect(try ListenAddress(parsing: text) == address)
        #expect(address.description == text)
    }

    @Test(
        "What is no address is refused with the reason",
        arguments: [
            ("", ListenAddress.ParseError.missingPort("")),
            ("localhost", .missingPort("localhost")),
            ("[::1]", .missingPort("[::1]")), ("a:", .invalidPort("")),
            ("a:65536", .invalidPort("65536")),
            ("a:-1", .invalidPort("-1")), ("a:+1", .invalidPort("+1")), (":1", .invalidHost("")),
            ("::1:80", .invalidHost("::1")), ("unix:", .invalidPath("")),
        ]
    )
    func addressIsRefused(_ text: String, _ error: ListenAddress.ParseError) {
        #expect(throws: error) { _ = try ListenAddress(parsing: text) }
    }

    @Test("Fields are found without case, joined, replaced and removed")
    func fieldsAreFound() {
        var fields = HeaderFields([("Accept", "a"), ("X", "1"), ("accept", "b")])
        #expect(fields["ACCEPT"] == "a, b" && fields["Y"] == nil)
        fields.set("x", "2")
        #expect(fields.values("X") == ["2"])
        fields["accept"] = nil
        #expect(!fields.contains("Accept") && fields.count == 1)
    }

    @Test(
        "Dates are written as RFC 9110 has them",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"), (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
        ]
    )
    func datesAreWritten(_ time: Int, _ text: String) {
        #expect(HTTPDate.text(unixTime: time) == text)
    }

    @Test("Each route says how long a content may be")
    func routeLimitsItsContent() {
        var router = Router<Void>()
        router.on(.post, "/a/{id}", content: .whole(5)) { @Sendable _ in text("") }
        router.on(.post, "/a/large", content: .whole(.max)) { @Sendable _ in text("") }
        router.on(.get, "/a/{id}") { @Sendable _ in text("") }
        #expect(router.content(.post, ["a", "x"]) == .whole(5))
        #expect(router.content(.post, ["a", "large"]) == .whole(.max))
        #expect(router.content(.get, ["a", "x"]) == .whole(16_384))
        #expect(router.content(.post, ["nowhere"]) == .whole(16_384))
    }

    @Test("The router prefers literal segments and gives parameters decoded")
    func routerPrefersLiterals() async throws {
        var router = Router<Void>()
        router.on(.get, "/a/{id}") { @Sendable in text("id \($0.pathParameters["id"] ?? "")") }
        router.on(.get, "/a/special") { @Sendable _ in text("special") }
        router.on(.post, "/a/{name}") { @Sendable in text("name \($0.pathParameters["name"] ?? "")")
        }
        for (method, target, wanted) in [
            (Method.get, "/a/special", "special"), (.get, "/a/x%2Fy", "id x/y"),
            (.post, "/a/x", "name x"), (.head, "/a/1", "id 1"),
        ] {
            let answer = await router.respond(to: try Request(method: method, target: target))
            guard case .bytes(let body) = answer.body else { throw RequestError.timeout }
            #expect(String(decoding: body, as: UTF8.self) == wanted)
        }
        let missing = await router.respond(to: try Request(method: .get, target: "/a/"))
        #expect(missing.status == 404)
        // A path without parameters is matched before any other (OpenAPI 3.1, section 4.8.8.2).
        let other = await router.respond(to: try Request(method: .post, target: "/a/special"))
        #expect(other.status == 405 && other.headers["Allow"] == "GET, HEAD, OPTIONS")
    }

    @Test(
        "A client is an address, or a network of version 6",
        arguments: [
            (Peer.unix, "unix"), (.ip("192.0.2.7"), "192.0.2.7"), (.ip("::1"), "::/64"),
            (.ip("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64"),
            (.ip("::ffff:192.0.2.7"), "192.0.2.7"),
        ]
    )
    func clientsAreCounted(_ peer: Peer, _ client: String) {
        #expect(peer.client == client)
    }

    @Test("Answers that may have no content have none", arguments: [204, 304])
    func contentIsLeftOut(_ status: Int) {
        let response = Response(status: status, body: .bytes([1, 2, 3]))
        let bytes = ResponseEncoder.encode(response, to: .init(), date: "D")
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasSuffix("Date: D\r\n\r\n") && !text.contains("Content-Length"))
    }

    @Test("A problem's detail is escaped")
    func problemIsEscaped() throws {
        let response = Response.problem(status: 409, detail: "a \"b\" \\ \u{1} ä")
        guard case .bytes(let body) = response.body else { throw RequestError.timeout }
        #expect(
            String(decoding: body, as: UTF8.self)
                == #"{"type":"about:blank","title":"Conflict","status":409,"#
                + #""detail":"a \"b\" \\ \u0001 ä"}"#
        )
    }
}

@Suite("Event log")
struct EventLogTests {
    @Test("Places are found by id, also where events share one, and after the beginning is dropped")
    func placesAreFound() {
        var log = EventBuffer(startingAfter: 10)
        log.append(Array("aabbbc".utf8), [(11, 2, 0), (12, 5, 0), (12, 6, 0)])
        log.append(Array("dd".utf8), [(15, 2, 0)])
        #expect(log.position(after: 0) == 0 && log.position(after: 11) == 2)
        #expect(log.position(after: 12) == 6 && log.position(after: 14) == 6)
        #expect(log.position(after: 15) == nil)
        #expect(log.event(before: 1) == (11, 2) && log.event(before: 2) == (11, 2))
        // Both that share the id go together.
        #expect(log.event(before: 3) == (12, 6))
        #expect(log.startWhenKeeping(4) == 6 && log.startWhenKeeping(2) == 6)
        log.drop(before: 6)
        #expect(log.floor == 12 && log.start == 6 && log.end == 8)
        #expect(log.position(after: 12) == 6 && log.event(before: 6) == (12, 6))
        #expect(log.startWhenKeeping(100) == 6)
    }

    @Test("One that is behind is not sent what is worthless, but the rest of what it has begun")
    func whatIsWorthlessIsPassedOver() {
        var log = EventBuffer(startingAfter: 0)
        // Keys 7 and 8 move on; the others are for everybody.
        log.append(Array("aabbccdd".utf8), [(1, 2, 7), (2, 4, 0), (3, 6, 8), (4, 8, 7)])
        log.append(Array("eeff".utf8), [(5, 2, 8), (6, 4, 0)])
        var sent: [Range<Int>] = []
        var position = 0
        while position < log.end {
            let indices = log.neededIndices(from: position)
            sent.append(indices)
            position = log.start + indices.upperBound
        }
        #expect(sent == [2..<4, 6..<12])
        // The first event has been begun.
        #expect(log.neededIndices(from: 1) == 1..<4)
        #expect(log.neededIndices(from: 4) == 6..<12)
        log.drop(before: 6)
        #expect(log.neededIndices(from: 6) == 0..<6)
        log.append(Array("gg".utf8), [(7, 2, 7)])
        #expect(log.neededIndices(from: 6) == 2..<8)
    }

    @Test("Blocks keep to their lines and lose their chunks again")
    func blocksKeepToTheirLines() {
        var bytes: [UInt8] = []
        EventFraming.append(StreamedEvent(id: 7, data: "a\r\nid: 8\nb"), to: &bytes)
        let first = bytes.count
        EventFraming.append(StreamedEvent(id: 8, data: ""), to: &bytes)
        let text = String(decoding: EventFraming.unframed(bytes[...]), as: UTF8.self)
        #expect(text == "id: 7\ndata: a  id: 8 b\n\nid: 8\ndata: \n\n")
        #expect(String(decoding: bytes[..<first], as: UTF8.self).hasPrefix("18\r\nid: 7\n"))
    }
}
