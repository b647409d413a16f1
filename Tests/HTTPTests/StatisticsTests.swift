import HTTP
import Synchronization
import Testing

@Suite("Statistics")
struct StatisticsTests {
    @Test("Answers are counted by method and status, refusals by the limit")
    func answersAndRefusalsAreCounted() async throws {
        var limits = ServerLimits.patient
        limits.bodyBytes = 10
        limits.targetBytes = 100
        limits.headerBytes = 200
        let router = echoRouter()
        try await withServer(limits: limits, { await router.respond(to: $0) }) { address, server in
            let long = String(repeating: "a", count: 300)
            for request in [
                "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET /echo/a HTTP/1.1\r\nHost: a\r\n\r\n",
                "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n",
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na",
                "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n",
                "GET /\(long) HTTP/1.1\r\nHost: a\r\n\r\n",
                "GET / HTTP/1.1\r\nHost: a\r\nX-Long: \(long)\r\n\r\n", "nonsense\r\n\r\n",
            ] {
                let client = try TestClient(address)
                await client.send(request)
                _ = try await client.answer(toHead: request.hasPrefix("HEAD"))
            }
            let statistics = await server.statistics
            let answers = Dictionary(
                uniqueKeysWithValues: statistics.answers.map { answer, count in
                    ("\(answer.method.rawValue) \(answer.status)", count)
                }
            )
            #expect(
                answers == [
                    "GET 200": 2, "HEAD 200": 1, "other 405": 1, "POST 200": 1, "other 413": 1,
                    "other 414": 1, "other 431": 1, "other 400": 1,
                ]
            )
            #expect(
                statistics.refusals.counts == [
                    .bodyBytes: 1, .targetBytes: 1, .headerBytes: 1, .malformed: 1,
                ]
            )
            #expect(statistics.streams == 0 && statistics.openStreams == 0)
        }
    }

    @Test("A request that stands still runs into one of two limits")
    func timeoutsAreCountedApart() async throws {
        var limits = ServerLimits.patient
        limits.headerTimeout = .milliseconds(50)
        limits.bodyTimeout = .milliseconds(50)
        let router = echoRouter()
        try await withServer(limits: limits, { await router.respond(to: $0) }) { address, server in
            let request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n"
            for part in [request.prefix(20), request[...]] {
                let client = try TestClient(address)
                await client.send(String(part))
                #expect(try await client.answer().status == 408)
            }
            let refusals = await server.statistics.refusals.counts
            #expect(refusals == [.headerTimeout: 1, .bodyTimeout: 1])
        }
    }

    @Test("Every event is counted once for each stream that is sent it, wherever it comes from")
    func deliveriesAreCounted() async throws {
        let stored = (1...30).map { StreamedEvent(id: $0, data: "event \($0)") }
        let channel = EventChannel(startingAfter: 10) { after, _ in
            EventPage(stored.filter { $0.id > after && $0.id <= 10 })
        }
        channel.publish(Array(stored[10..<20]))
        try await withStreams(channel) { address, server in
            let clients = try (0..<3).map { _ in try TestClient(address) }
            await clients[0].send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            await clients[1].send("GET / HTTP/1.0\r\n\r\n")
            await clients[2].send("GET /?after=15 HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { channel.watcherCount == 3 })
            #expect(await server.statistics.openStreams == 3)
            for block in stored[20...] { channel.publish([block]) }
            channel.finish()
            for client in clients { _ = try await client.receiveAll() }
            #expect(await eventually { channel.watcherCount == 0 })
            let statistics = await server.statistics
            #expect(statistics.delivered == 30 + 30 + 15)
            #expect(statistics.collapsed == 0)
            #expect(statistics.streams == 3 && statistics.openStreams == 0)
        }
    }

    @Test("What a stream that is behind is spared is counted, and nothing is counted twice")
    func collapsedEventsAreCounted() async throws {
        let channel = EventChannel(startingAfter: 0, retainedBytes: 1 << 26) { _, _ in
            EventPage([])
        }
        try await withStreams(channel) { address, server in
            let slow = try TestClient(address, receiveBuffer: 4096)
            await slow.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(await eventually { channel.watcherCount == 1 })
            let data = String(repeating: "x", count: 1000)
            // Far more than the kernel buffers for the one that does not read.
            let count = 12_000
            for id in 1...Int64(count) {
                channel.publish([StreamedEvent(id: id, data: data, key: id % 100 == 0 ? 0 : 1)])
                if id % 100 == 0 { await Task.yield() }
            }
            channel.finish()
            let received = try await slow.receiveAll()
            let statistics = await server.statistics
            #expect(statistics.delivered == received.matches(of: /id: \d+\n/).count)
            #expect(statistics.delivered + statistics.collapsed == count)
            #expect(statistics.collapsed > 0)
        }
    }

    private func withStreams(
        _ channel: EventChannel,
        _ body: (ListenAddress, Server) async throws -> Void
    ) async throws {
        let handler: Handler = { request in
            let after = request.queryValue("after").flatMap { Int64($0) } ?? 0
            return Response(
                status: 200,
                body: .events(EventSubscription(channel: channel, after: after))
            )
        }
        try await withServer(handler) { address, server in try await body(address, server) }
    }
}
