import Foundation
import HTTP
import Synchronization
import Testing

@Suite("Content that is made while it is sent")
struct ContentStreamTests {
    /// Answers with the content under `/`.
    private func withContent(
        _ content: ContentStream,
        limits: ServerLimits = .patient,
        _ body: (ListenAddress, Server) async throws -> Void
    ) async throws {
        try await withServer(
            limits: limits,
            { _ in
                Response(
                    status: 200,
                    headers: ["Content-Type": "text/plain"],
                    body: .stream(content)
                )
            },
            body
        )
    }

    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("Every part is sent at once, in a chunk of its own")
    func partsAreSentAsTheyCome() async throws {
        let (parts, part) = AsyncStream.makeStream(of: String.self)
        let content = ContentStream { writer in
            for await part in parts { guard await writer.write(Array(part.utf8)) else { return } }
        }
        try await withContent(content) { address, _ in
            let client = try TestClient(address)
            await client.send(Self.get)
            let head = try await client.receive(until: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(head.contains("Transfer-Encoding: chunked\r\n"))
            #expect(head.contains("Connection: close\r\n"))
            for text in ["one\n", "two\n", "", "three\n"] {
                part.yield(text)
                guard !text.isEmpty else { continue }
                #expect(
                    try await client.chunk().map { String(decoding: $0, as: UTF8.self) } == text
                )
            }
            part.finish()
            #expect(try await client.chunk() == nil)
            #expect(try await client.receiveAll() == "")
        }
    }

    @Test("A client of HTTP/1.0 gets the bytes, and HEAD the fields alone")
    func olderClientsAndHead() async throws {
        let content = ContentStream { writer in _ = await writer.write(Array("text".utf8)) }
        try await withContent(content) { address, _ in
            let old = try TestClient(address)
            await old.send("GET / HTTP/1.0\r\n\r\n")
            let answer = try await old.receiveAll()
            #expect(answer.hasSuffix("\r\n\r\ntext") && !answer.contains("chunked"))
            let head = try TestClient(address)
            await head.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + Self.get)
            let fields = try await head.answer(toHead: true)
            #expect(fields.status == 200 && fields.headers["Content-Type"] == "text/plain")
            #expect(try await head.answer().body == "text")
        }
    }

    @Test("A slow client holds the content up, and gets all of it")
    func slowClientHoldsUp() async throws {
        let written = Atomic<Int>(0)
        let part = [UInt8](repeating: 0x61, count: 100_000)
        let content = ContentStream { writer in
            for _ in 0..<80 {
                guard await writer.write(part) else { return }
                written.add(1, ordering: .relaxed)
            }
        }
        try await withContent(content) { address, _ in
            let client = try TestClient(address, receiveBuffer: 4096)
            await client.send(Self.get)
            _ = try await client.receive(until: "\r\n\r\n")
            // Nothing more for a while: what the kernel holds is full, and the rest is not made.
            var (count, since) = (0, ContinuousClock.now)
            let isHeld = await eventually {
                let now = written.load(ordering: .relaxed)
                if now != count { (count, since) = (now, .now) }
                return count > 0 && .now - since > .milliseconds(100)
            }
            #expect(isHeld && count < 70)
            #expect(try await client.events().utf8.count == 8_000_000)
        }
    }

    @Test("The content's task is cancelled when the client leaves", arguments: [true, false])
    func leavingCancels(whileBlocked: Bool) async throws {
        let ended = Signal()
        let content = ContentStream { writer in
            let part = [UInt8](repeating: 0x61, count: whileBlocked ? 1_000_000 : 10)
            while await writer.write(part) {
                guard !whileBlocked else { continue }
                await untilCancelled()
            }
            ended.give()
        }
        try await withContent(content) { address, _ in
            let client = try TestClient(address)
            await client.send(Self.get)
            _ = try await client.receive(until: "aaa")
            client.endSending()
            #expect(await ended.comes())
        }
    }

    @Test("A silence is broken by the heartbeat")
    func heartbeats() async throws {
        var limits = ServerLimits.patient
        limits.heartbeat = .milliseconds(50)
        let content = ContentStream(heartbeat: Array(": heartbeat\n\n".utf8)) { _ in
            await untilCancelled()
        }
        try await withContent(content, limits: limits) { address, _ in
            let client = try TestClient(address)
            await client.send(Self.get)
            for _ in 0..<3 { _ = try await client.receive(until: ": heartbeat\n\n\r\n") }
        }
    }

    @Test("Stopping the server ends the content where it stands")
    func stopEnds() async throws {
        let content = ContentStream { writer in
            _ = await writer.write(Array("begun".utf8))
            await untilCancelled()
        }
        try await withContent(content) { address, server in
            let client = try TestClient(address)
            await client.send(Self.get)
            _ = try await client.receive(until: "\r\n\r\n")
            #expect(try await client.events(until: "begun") == "begun")
            await server.stop(comment: "over")
            #expect(try await client.chunk() == nil)
        }
    }

    @Test("A client that takes nothing is left after the time for it")
    func clientThatTakesNothingIsLeft() async throws {
        var limits = ServerLimits.patient
        limits.bodyTimeout = .milliseconds(100)
        let ended = Signal()
        let content = ContentStream { writer in
            while await writer.write([UInt8](repeating: 0x61, count: 1_000_000)) {}
            ended.give()
        }
        try await withContent(content, limits: limits) { address, _ in
            let client = try TestClient(address, receiveBuffer: 4096)
            await client.send(Self.get)
            #expect(await ended.comes())
        }
    }
}
