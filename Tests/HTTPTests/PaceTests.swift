import HTTP
import Synchronization
import Testing

@Suite("Many at once")
struct PaceTests {
    /// Holds handlers back until it is opened.
    private final class Barrier: Sendable {
        private let state = Mutex<(open: Bool, waiting: [CheckedContinuation<Void, Never>])>(
            (false, [])
        )

        var count: Int { state.withLock { $0.waiting.count } }

        func pass() async {
            await withCheckedContinuation { continuation in
                let isOpen = state.withLock { state in
                    if !state.open { state.waiting.append(continuation) }
                    return state.open
                }
                if isOpen { continuation.resume() }
            }
        }

        func open() {
            let waiting = state.withLock { state in
                state.open = true
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    @Test("Requests that wait hold no other request up, however many")
    func waitingRequestsHoldNobodyUp() async throws {
        let barrier = Barrier()
        let handler: Handler = { request in
            if request.path == "/wait" { await barrier.pass() }
            return text(request.path)
        }
        try await withServer(handler) { address, _ in
            let waiting = try (0..<70).map { _ in try TestClient(address) }
            for client in waiting { await client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n") }
            #expect(await eventually { barrier.count == 70 })
            let other = try TestClient(address)
            await other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await other.answer().body == "/other")
            barrier.open()
            for client in waiting { #expect(try await client.answer().body == "/wait") }
        }
    }

    @Test("Requests that come at once are all answered, and others after them")
    func requestsAtOnceAreAnswered() async throws {
        try await withServer({ text($0.path) }) { address, _ in
            let clients = try (0..<100).map { _ in try TestClient(address) }
            for round in 0..<2 {
                for client in clients {
                    await client.send("GET /\(round) HTTP/1.1\r\nHost: a\r\n\r\n")
                }
                for client in clients { #expect(try await client.answer().body == "/\(round)") }
            }
        }
    }

    @Test("Watchers that catch up at once all get there, also where some leave meanwhile")
    func replaysAtOnceAreComplete() async throws {
        let block = StreamedEvent(id: 1, data: String(repeating: "x", count: 40_000))
        let channel = EventChannel(startingAfter: 1) { after, _ in
            EventPage(after < 1 ? [block] : [])
        }
        channel.finish()
        let handler: Handler = { _ in
            Response(status: 200, body: .events(EventSubscription(channel: channel, after: 0)))
        }
        try await withServer(handler) { address, _ in
            var clients = try (0..<40).map { _ in try TestClient(address) }
            for client in clients { await client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n") }
            clients.removeLast(20)
            for client in clients {
                let answer = try await client.receive(until: "\r\n\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
                #expect(try await client.events().utf8.count > 40_000)
            }
        }
    }
}
