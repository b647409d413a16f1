import Foundation
import Streams
import Synchronization
import Testing

@testable import HTTP

@Suite("Content that is read while it comes")
struct RequestContentTests {
    /// A server whose `/send` reads its content by `read`, and whose `/echo` takes it as a whole.
    private func withReader(
        limit: Int = 64 << 20,
        limits: ServerLimits = .patient,
        _ read: @escaping @Sendable (RequestContent?) async throws -> Response,
        _ body: (ListenAddress) async throws -> Void
    ) async throws {
        var router = echoRouter()
        router.on(.post, "/send", content: .streamed(limit)) { request in
            do {
                return try await read(request.content)
            } catch {
                return text("broken off", status: 500)
            }
        }
        let routes = router
        let server = Server(limits: limits)
        let address = try server.bind(.tcp(host: "127.0.0.1", port: 0))
        try server.serve(content: { routes.content($0, $1) }) { await routes.respond(to: $0) }
        do {
            try await body(address)
        } catch {
            await server.stop(comment: "the test has failed")
            throw error
        }
        await server.stop(comment: "the test is over")
    }

    @Sendable private static func count(_ content: RequestContent?) async throws -> Response {
        var count = 0
        let block = ByteBlock(capacity: 100_000)
        repeat {
            block.removeAll()
            try await content?.read(into: block)
            count += block.count
        } while block.room == 0
        return text("\(count)")
    }

    /// Answers with the sum of the content's bytes, each multiplied with its place.
    private static func sum(
        by capacity: Int
    ) -> @Sendable (RequestContent?) async throws -> Response {
        { content in
            let block = ByteBlock(capacity: capacity)
            var bytes: [UInt8] = []
            repeat {
                block.removeAll()
                try await content?.read(into: block)
                bytes += unsafe block.withBytes { unsafe Array($0) }
            } while block.room == 0
            return text("\(sum(bytes))")
        }
    }

    private static func sum(_ bytes: [UInt8]) -> Int {
        bytes.enumerated().reduce(bytes.count) { $0 + ($1.offset % 1_009 + 1) * Int($1.element) }
    }

    private static func head(_ fields: String) -> String {
        "POST /send HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\r\n"
    }

    @Test("It comes whole, however it is cut, and the connection goes on")
    func comesWhole() async throws {
        try await withReader(Self.count) { address in
            let client = try TestClient(address)
            for round in 0..<3 {
                await client.send(Self.head("Content-Length: 300000"))
                for _ in 0..<30 { await client.send([UInt8](repeating: 7, count: 10_000)) }
                #expect(try await client.answer().body == "300000", "\(round)")
            }
            await client.send(Self.head("Transfer-Encoding: chunked") + "3\r\nabc\r\n")
            await client.send("2\r\nde\r\n0\r\n\r\n" + "GET /echo/next HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await client.answer().body == "5")
            #expect(try await client.answer().body == "next")
            for nothing in ["Content-Length: 0", "Transfer-Encoding: chunked"] {
                let end = nothing.hasPrefix("T") ? "0\r\n\r\n" : ""
                await client.send(Self.head(nothing) + end)
                #expect(try await client.answer().body == "0")
            }
        }
    }

    @Test(
        "Blocks are filled up, however the content is cut, and whichever way it comes",
        arguments: [1_000, 65_536, 300_000, 1 << 20]
    )
    func blocksAreFilled(capacity: Int) async throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 * $0 / 13) }
        try await withReader(Self.sum(by: capacity)) { address in
            let client = try TestClient(address)
            for size in [300_000, 100_000, 7_777] {
                // With the fields, after them, and with the next request behind it.
                await client.send(
                    Array(Self.head("Content-Length: \(bytes.count)").utf8) + bytes.prefix(500)
                )
                for start in stride(from: 500, to: bytes.count, by: size) {
                    await client.send(Array(bytes[start..<min(start + size, bytes.count)]))
                }
                #expect(try await client.answer().body == "\(Self.sum(bytes))")
                await client.send(Self.head("Transfer-Encoding: chunked"))
                for start in stride(from: 0, to: bytes.count, by: size) {
                    let part = bytes[start..<min(start + size, bytes.count)]
                    await client.send(
                        Array("\(String(part.count, radix: 16))\r\n".utf8) + part
                            + Array("\r\n".utf8)
                    )
                }
                await client.send("0\r\n\r\nGET /echo/next HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try await client.answer().body == "\(Self.sum(bytes))")
                #expect(try await client.answer().body == "next")
            }
        }
    }

    @Test("A client is told to go on once somebody reads, and not before")
    func continueIsSentToReaders() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let reads: @Sendable (RequestContent?) async throws -> Response = { content in
            for await _ in gate { break }
            return try await Self.count(content)
        }
        try await withReader(reads) { address in
            let client = try TestClient(address)
            await client.send(Self.head("Content-Length: 2\r\nExpect: 100-continue"))
            open.yield()
            #expect(try await client.receive(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
            await client.send("ok")
            #expect(try await client.answer().body == "2")
        }
    }

    @Test("A handler that does not read it answers at once, and the connection ends")
    func handlerMayRefuse() async throws {
        try await withReader({ _ in text("no", status: 403) }) { address in
            let client = try TestClient(address)
            await client.send(Self.head("Content-Length: 5000000\r\nExpect: 100-continue"))
            let answer = try await client.answer()
            #expect(answer.status == 403 && answer.headers["Connection"] == "close")
            let other = try TestClient(address)
            await other.send(Self.head("Content-Length: 5000000") + "some of it")
            #expect(try await other.answer().status == 403)
        }
    }

    @Test("More than may come is refused: at once by its length, else where it is too much")
    func tooMuchIsRefused() async throws {
        try await withReader(limit: 1000, Self.count) { address in
            let client = try TestClient(address)
            await client.send(Self.head("Content-Length: 1001"))
            #expect(try await client.answer().status == 413)
            let other = try TestClient(address)
            await other.send(Self.head("Transfer-Encoding: chunked"))
            await other.send("258\r\n" + String(repeating: "x", count: 600) + "\r\n258\r\n")
            #expect(try await other.answer().status == 413)
        }
    }

    @Test("A client that leaves, or sends what is no content, ends the reading")
    func brokenOffContentEnds() async throws {
        let broken = Mutex(0)
        let reads: @Sendable (RequestContent?) async throws -> Response = { content in
            do {
                return try await Self.count(content)
            } catch {
                broken.withLock { $0 += 1 }
                throw error
            }
        }
        try await withReader(reads) { address in
            let leaving = try TestClient(address)
            await leaving.send(Self.head("Content-Length: 100") + "abc")
            leaving.endSending()
            let malformed = try TestClient(address)
            await malformed.send(Self.head("Transfer-Encoding: chunked") + "3\r\nabcX")
            #expect(try await malformed.answer().status == 400)
            let end = ContinuousClock.now + .seconds(60)
            while broken.withLock({ $0 }) < 2, ContinuousClock.now < end {
                try await Task.sleep(for: .milliseconds(1))
            }
            #expect(broken.withLock { $0 } == 2)
        }
    }

    @Test("A client that has ended its side before the content is refused at once")
    func halfClosedClientIsRefused() async throws {
        for expectation in ["", "Expect: 100-continue\r\n"] {
            try await withReader(Self.count) { address in
                let client = try TestClient(address)
                await client.send(
                    "GET /echo/one HTTP/1.1\r\nHost: a\r\n\r\n"
                        + Self.head("\(expectation)Content-Length: 5")
                )
                client.endSending()
                #expect(try await client.answer().body == "one")
                #expect(try await client.answer().status == 400)
            }
        }
    }

    @Test("A client that falls silent is refused")
    func silenceIsRefused() async throws {
        var limits = ServerLimits.patient
        limits.bodyTimeout = .milliseconds(200)
        try await withReader(limits: limits, Self.count) { address in
            let client = try TestClient(address)
            await client.send(Self.head("Content-Length: 100") + "abc")
            #expect(try await client.answer().status == 408)
        }
    }

    @Test("No more is taken from a client than its reader takes")
    func readerSetsThePace() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let reads: @Sendable (RequestContent?) async throws -> Response = { content in
            for await _ in gate { break }
            return try await Self.count(content)
        }
        try await withReader(reads) { address in
            let client = try TestClient(address)
            let size = 32 << 20
            await client.send(Self.head("Content-Length: \(size)"))
            let sent = Mutex(0)
            let sending = Task {
                for _ in 0..<32 {
                    await client.send([UInt8](repeating: 1, count: 1 << 20))
                    sent.withLock { $0 += 1 }
                }
            }
            var before = -1
            while before != sent.withLock({ $0 }) {
                before = sent.withLock { $0 }
                // Long enough for a client that is not held back.
                try await Task.sleep(for: .milliseconds(300))
            }
            #expect(before < 24)
            open.yield()
            #expect(try await client.answer().body == "\(size)")
            await sending.value
        }
    }
}
