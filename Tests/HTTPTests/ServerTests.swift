import Foundation
import HTTP
import Testing

@Suite("Server")
struct ServerTests {
    @Test("A connection that is kept alive serves one request after the other")
    func keptAliveConnectionServesOn() async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            for word in ["one", "two", "three"] {
                await client.send("GET /echo/\(word) HTTP/1.1\r\nHost: a\r\n\r\n")
                let answer = try await client.answer()
                #expect(answer.status == 200 && answer.body == word)
                #expect(answer.headers["Content-Length"] == String(word.utf8.count))
                #expect(answer.headers["Date"]?.hasSuffix("GMT") == true)
                #expect(answer.headers["Connection"] == nil)
            }
        }
    }

    @Test("Pipelined requests are answered in their order")
    func pipelinedRequestsAreAnsweredInOrder() async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            let requests = (0..<200).map { "GET /echo/\($0) HTTP/1.1\r\nHost: a\r\n\r\n" }
            await client.send(requests.joined())
            for number in 0..<200 { #expect(try await client.answer().body == "\(number)") }
        }
    }

    @Test("Requests cut into single bytes are answered")
    func singleBytesAreAnswered() async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            let text = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
            for byte in text.utf8 { await client.send([byte]) }
            #expect(try await client.answer().body == "abc")
        }
    }

    @Test(
        "A connection that is not kept alive ends after the answer",
        arguments: [
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
        ]
    )
    func closedConnectionEnds(_ request: String) async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            await client.send(request)
            let answer = try await client.answer()
            #expect(answer.body == "root" && answer.headers["Connection"] == "close")
            #expect(try await client.receiveAll() == "")
        }
    }

    @Test("A client that waits for 100 Continue is told to go on")
    func continueIsSent() async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n"
            await client.send(head + "Expect: 100-continue\r\n\r\n")
            #expect(try await client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            await client.send("ok")
            #expect(try await client.answer().body == "ok")
        }
    }

    @Test("A client that would send too much is refused instead of told to go on")
    func continueIsNotSentForTooMuch() async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            let head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n"
            await client.send(head + "Expect: 100-continue\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.status == 413)
            #expect(answer.headers["Content-Type"] == "application/problem+json")
        }
    }

    @Test("HEAD is answered by GET's handler without its content")
    func headHasNoContent() async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            await client.send(
                "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            let head = try await client.answer(toHead: true)
            #expect(head.status == 200 && head.headers["Content-Length"] == "4")
            #expect(try await client.answer().body == "root")
        }
    }

    @Test(
        "OPTIONS, a wrong method and an unknown one are answered with what there is",
        arguments: [
            ("OPTIONS /", 204, "GET, HEAD, OPTIONS"),
            ("OPTIONS *", 204, "GET, HEAD, OPTIONS, POST"),
            ("DELETE /echo", 405, "OPTIONS, POST"), ("GET /nothing", 404, nil),
            ("BREW /", 501, nil),
        ]
    )
    func methodsAreAnswered(_ line: String, _ status: Int, _ allow: String?) async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            await client.send("\(line) HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.status == status && answer.headers["Allow"] == allow)
        }
    }

    @Test("A refused request is answered, whatever else the client sends, and then closed")
    func refusedRequestIsAnsweredAndClosed() async throws {
        try await withRouter { address in
            for request in ["garbage\r\n\r\n", "\u{16}\u{3}\u{1}", "GET / HTTP/1.1\nHost: a\n\n"] {
                let client = try TestClient(address)
                await client.send(request + String(repeating: "x", count: 300_000))
                let answer = try await client.answer()
                #expect(answer.status == 400 && answer.headers["Connection"] == "close")
                #expect(answer.headers["Content-Type"] == "application/problem+json")
                let body = try #require(
                    try JSONSerialization.jsonObject(with: Data(answer.body.utf8))
                        as? [String: Any]
                )
                #expect(body["type"] as? String == "about:blank")
                #expect(body["title"] as? String == "Bad Request")
                #expect(body["status"] as? Int == 400)
                #expect(body["detail"] is String)
                #expect(try await client.receiveAll() == "")
            }
        }
    }

    @Test("A client that has ended its sending gets its answers")
    func halfClosedClientIsAnswered() async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            await client.send(
                "GET /echo/1 HTTP/1.1\r\nHost: a\r\n\r\nGET /echo/2 HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            client.endSending()
            #expect(try await client.answer().body == "1")
            #expect(try await client.answer().body == "2")
            #expect(try await client.receiveAll() == "")
        }
    }

    @Test("More pipelined requests than are taken in at once are answered, also after a half-close")
    func floodOfRequestsIsAnswered() async throws {
        let release = Signal()
        let handler: Handler = { request in
            if request.path == "/0" { _ = await release.comes() }
            return text(request.path)
        }
        try await withServer(limits: .patient, handler) { address, _ in
            let client = try TestClient(address)
            let padding = String(repeating: "x", count: 1000)
            let requests = (0..<200).map {
                "GET /\($0) HTTP/1.1\r\nHost: a\r\nX: \(padding)\r\n\r\n"
            }
            await client.send(requests.joined())
            client.endSending()
            release.give()
            for number in 0..<200 { #expect(try await client.answer().body == "/\(number)") }
            #expect(try await client.receiveAll() == "")
        }
    }

    @Test("A request that ends before it is whole is answered 400")
    func cutRequestIsAnswered() async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc")
            client.endSending()
            #expect(try await client.answer().status == 400)
        }
    }

    @Test("A client that leaves cancels the handler of its request", arguments: [true, false])
    func leavingCancelsTheHandler(withReset: Bool) async throws {
        let (begun, cancelled) = (Signal(), Signal())
        var limits = ServerLimits.patient
        limits.halfCloseGrace = .milliseconds(50)
        let handler: Handler = { _ in
            begun.give()
            await untilCancelled()
            if Task.isCancelled { cancelled.give() }
            return text("late")
        }
        try await withServer(limits: limits, handler) { address, _ in
            var client: TestClient? = try TestClient(address)
            await client?.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await begun.comes())
            if withReset { client?.resetOnClose() }
            client = nil
            #expect(await cancelled.comes())
        }
    }

    @Test("A request that does not arrive in time is answered 408")
    func slowRequestTimesOut() async throws {
        var limits = ServerLimits.patient
        limits.headerTimeout = .milliseconds(50)
        limits.bodyTimeout = .milliseconds(50)
        try await withServer(limits: limits, { _ in text("") }) { address, _ in
            for part in ["GET / HT", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabc"] {
                let client = try TestClient(address)
                await client.send(part)
                #expect(try await client.answer().status == 408)
                #expect(try await client.receiveAll() == "")
            }
        }
    }

    @Test("An idle connection is closed without a word")
    func idleConnectionIsClosed() async throws {
        var limits = ServerLimits.patient
        limits.idleTimeout = .milliseconds(50)
        try await withServer(limits: limits, { _ in text("") }) { address, _ in
            let client = try TestClient(address)
            await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().status == 200)
            #expect(try await client.receiveAll() == "")
        }
    }

    @Test("Contents of any size come and go whole")
    func largeContentsComeAndGo() async throws {
        try await withRouter { address in
            let client = try TestClient(address)
            let body = String(repeating: "0123456789abcdef", count: 65_536)
            await client.send(
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
                    + body
            )
            #expect(try await client.answer().body == body)
        }
    }

    @Test("A response's fields cannot break out of their lines")
    func fieldsCannotBreakOut() async throws {
        let handler: Handler = { _ in
            let headers: HeaderFields = [
                "X-A": "1\r\nX-B: 2", "X C": "3", "Content-Length": "99", "X-D": "4",
            ]
            return Response(status: 200, headers: headers, body: .bytes([0x61]))
        }
        try await withServer(handler) { address, _ in
            let client = try TestClient(address)
            await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = try await client.answer()
            #expect(answer.headers["X-D"] == "4" && answer.headers["Content-Length"] == "1")
            #expect(answer.headers["X-A"] == nil && answer.headers["X-B"] == nil)
            #expect(answer.headers["X C"] == nil)
        }
    }

    @Test("Stopping lets a request under way be answered and refuses new connections")
    func stoppingLetsAnswersOut() async throws {
        let (begun, release) = (Signal(), Signal())
        let server = Server(limits: .patient)
        let address = try server.bind(.tcp(host: "127.0.0.1", port: 0))
        try server.serve { _ in
            begun.give()
            _ = await release.comes()
            return text("done")
        }
        let (busy, idle) = (try TestClient(address), try TestClient(address))
        await busy.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(await begun.comes())
        let stop = Task { await server.stop(comment: "bye") }
        #expect(try await idle.receiveAll() == "")
        #expect(throws: (any Error).self) { _ = try TestClient(address) }
        release.give()
        let answer = try await busy.answer()
        #expect(answer.body == "done" && answer.headers["Connection"] == "close")
        #expect(try await busy.receiveAll() == "")
        await stop.value
    }

    @Test("IPv6 and Unix sockets are served, and the socket's file goes at the end")
    func otherSocketsAreServed() async throws {
        let path = NSTemporaryDirectory() + "slipway-\(UUID().uuidString.prefix(8)).sock"
        for address in [ListenAddress.tcp(host: "::1", port: 0), .unix(path: path)] {
            let server = Server(limits: .patient)
            let taken: ListenAddress
            do {
                taken = try server.bind(address)
                try server.serve { request in text("\(request.peer)") }
            } catch {
                // A machine may have no IPv6.
                #expect(address != .unix(path: path))
                continue
            }
            let client = try TestClient(taken)
            await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let peer: Peer = address == .unix(path: path) ? .unix : .ip("::1")
            #expect(try await client.answer().body == "\(peer)")
            await server.stop(comment: "")
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    private func withRouter(_ body: (ListenAddress) async throws -> Void) async throws {
        let router = echoRouter()
        try await withServer({ await router.respond(to: $0) }) { address, _ in
            try await body(address)
        }
    }

    @Test("Whoever connects before the server serves is answered once it does")
    func boundAddressHoldsConnections() async throws {
        let server = Server(limits: .patient)
        let address = try server.bind(.tcp(host: "127.0.0.1", port: 0))
        let early = try TestClient(address)
        await early.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        try server.serve { _ in text("served") }
        #expect(try await early.answer().body == "served")
        await server.stop(comment: "")
    }
}
