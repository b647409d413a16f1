import Foundation
import HTTP
import Synchronization
import Testing

@Suite("Event streams")
struct EventStreamTests {
    /// A journal in memory and its channel, published to as a journal would: stored, then sent.
    final class Journal: Sendable {
        let stored = Mutex<[StreamedEvent]>([])
        let pages = Atomic<Int>(0)

        func channel(startingAfter: Int64 = 0, retainedBytes: Int = 262_144) -> EventChannel {
            EventChannel(startingAfter: startingAfter, retainedBytes: retainedBytes) {
                [self] after, maxBytes in
                pages.add(1, ordering: .relaxed)
                var bytes = 0
                let page = stored.withLock { stored in
                    stored.drop { $0.id <= after }.prefix { block in
                        bytes += block.data.utf8.count
                        return bytes - block.data.utf8.count < maxBytes
                    }
                }
                return EventPage(Array(page))
            }
        }

        func publish(_ ids: ClosedRange<Int64>, size: Int = 20, to channel: EventChannel?) {
            let blocks = ids.map { id in
                StreamedEvent(id: id, data: String(repeating: Character("\(id % 10)"), count: size))
            }
            stored.withLock { $0 += blocks }
            channel?.publish(blocks)
        }

        /// What a watcher that began behind the id must have been sent.
        func expected(after: Int64 = 0) -> String {
            let blocks = stored.withLock { $0.filter { $0.id > after } }
            return "retry: 1000\n" + blocks.map { "id: \($0.id)\ndata: \($0.data)\n\n" }.joined()
        }
    }

    @Test("A live watcher gets every event, with the retry line in the first one's block")
    func liveWatcherGetsEvents() async throws {
        let journal = Journal()
        let channel = journal.channel()
        try await withStreams(channel) { address in
            let client = try await watch(address)
            let answer = try await client.receive(until: "\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.contains("Content-Type: text/event-stream\r\n"))
            #expect(answer.contains("Cache-Control: no-cache, no-transform\r\n"))
            #expect(answer.contains("X-Accel-Buffering: no\r\n"))
            #expect(answer.contains("Transfer-Encoding: chunked\r\n"))
            journal.publish(1...1, to: channel)
            journal.publish(2...3, to: channel)
            channel.finish()
            #expect(try await client.events() == journal.expected())
            #expect(try await client.receiveAll() == "")
        }
    }

    @Test(
        "Replayed, remembered and live events come out the same, from wherever a watcher begins",
        arguments: [0, 1, 499, 500, 501, 999, 1000]
    )
    func mixedStreamIsTheSame(after: Int64) async throws {
        let journal = Journal()
        journal.publish(1...500, to: nil)
        let channel = journal.channel(startingAfter: 500)
        journal.publish(501...1000, to: channel)
        try await withStreams(channel) { address in
            let client = try await watch(address, after: after)
            _ = try await client.receive(until: "\r\n\r\n")
            #expect(await eventually { channel.watcherCount == 1 })
            journal.publish(1001...1010, to: channel)
            channel.finish()
            #expect(try await client.events() == journal.expected(after: after))
        }
    }

    @Test("A finished channel replays what is stored and ends")
    func finishedChannelReplays() async throws {
        let journal = Journal()
        journal.publish(1...3000, size: 300, to: nil)
        let channel = journal.channel(startingAfter: 3000)
        channel.finish()
        try await withStreams(channel) { address in
            for after in [0, 2999, 3000] as [Int64] {
                let client = try await watch(address, after: after)
                _ = try await client.receive(until: "\r\n\r\n")
                let expected = after == 3000 ? "" : journal.expected(after: after)
                #expect(try await client.events() == expected)
            }
            #expect(journal.pages.load(ordering: .relaxed) > 10)
        }
    }

    @Test("An event that is stored but not yet published is not sent twice")
    func eventAheadOfTheChannelComesOnce() async throws {
        let journal = Journal()
        journal.publish(1...5, to: nil)
        let channel = journal.channel(startingAfter: 3)
        try await withStreams(channel) { address in
            let client = try await watch(address, after: 0)
            _ = try await client.receive(until: "\r\n\r\n")
            _ = try await client.events(
                until: "id: 5\ndata: \(String(repeating: "5", count: 20))\n\n"
            )
            channel.publish(journal.stored.withLock { Array($0.suffix(2)) })
            journal.publish(6...6, to: channel)
            channel.finish()
            #expect(try await client.events().hasPrefix("id: 6\n"))
        }
    }

    @Test("A client of HTTP/1.0 gets the same events without chunks")
    func oldClientGetsNoChunks() async throws {
        let journal = Journal()
        journal.publish(1...50, to: nil)
        let channel = journal.channel(startingAfter: 50)
        try await withStreams(channel) { address in
            let client = try TestClient(address)
            await client.send("GET /events?after=10 HTTP/1.0\r\n\r\n")
            let head = try await client.receive(until: "\r\n\r\n")
            #expect(!head.contains("chunked"))
            journal.publish(51...60, to: channel)
            channel.finish()
            #expect(try await client.receiveAll() == journal.expected(after: 10))
        }
    }

    @Test("HEAD of a stream is its head")
    func headOfAStreamEnds() async throws {
        let channel = Journal().channel()
        try await withStreams(channel) { address in
            let client = try TestClient(address)
            await client.send("HEAD /events HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answer = try await client.answer(toHead: true)
            #expect(answer.headers["Content-Type"] == "text/event-stream")
            #expect(try await client.receiveAll() == "")
        }
    }

    @Test("Silence is broken by heartbeats, also before the first event")
    func silenceIsBroken() async throws {
        var limits = ServerLimits.patient
        limits.heartbeat = .milliseconds(50)
        let journal = Journal()
        let channel = journal.channel()
        try await withStreams(channel, limits: limits) { address in
            let client = try await watch(address)
            _ = try await client.receive(until: "\r\n\r\n")
            let beat = ": heartbeat\n\n"
            #expect(try await client.events(until: beat + beat) == beat + beat)
            journal.publish(1...1, to: channel)
            let rest = try await client.events(until: String(repeating: "1", count: 20) + "\n\n")
            #expect(rest.replacing(beat, with: "") == journal.expected())
            #expect(try await client.events(until: beat) == beat)
        }
    }

    @Test("A watcher that does not read delays nobody, and gets everything once it reads")
    func slowWatcherDelaysNobody() async throws {
        let journal = Journal()
        let channel = journal.channel(retainedBytes: 65_536)
        try await withStreams(channel) { address in
            let slow = try await watch(address, receiveBuffer: 4096)
            let quick = try await watch(address)
            _ = try await quick.receive(until: "\r\n\r\n")
            #expect(await eventually { channel.watcherCount == 2 })
            // Far more than the kernel buffers for the one that does not read.
            let count: Int64 = 6000
            for start in stride(from: Int64(1), through: count, by: 100) {
                journal.publish(start...start + 99, size: 1000, to: channel)
                let last = "data: \(String(repeating: "\((start + 99) % 10)", count: 1000))\n\n"
                let part = try await quick.events(until: "id: \(start + 99)\n" + last)
                #expect(part.utf8.count > 100_000)
            }
            channel.finish()
            _ = try await slow.receive(until: "\r\n\r\n")
            #expect(try await slow.events() == journal.expected())
            #expect(journal.pages.load(ordering: .relaxed) > 0)
        }
    }

    @Test("All watchers get all events", arguments: [10, 300])
    func allWatchersGetAllEvents(count: Int) async throws {
        let journal = Journal()
        let channel = journal.channel()
        try await withStreams(channel) { address in
            let clients = try (0..<count).map { _ in try TestClient(address) }
            for client in clients { await client.send(request()) }
            #expect(await eventually { channel.watcherCount == count })
            for id in 1...20 { journal.publish(Int64(id)...Int64(id), to: channel) }
            channel.finish()
            let expected = journal.expected()
            for client in clients {
                _ = try await client.receive(until: "\r\n\r\n")
                #expect(try await client.events() == expected)
            }
            #expect(await eventually { channel.watcherCount == 0 })
        }
    }

    @Test("A watcher that leaves is gone at once", arguments: [true, false])
    func leavingWatcherIsGone(byHalfClose: Bool) async throws {
        let channel = Journal().channel()
        try await withStreams(channel) { address in
            var client: TestClient? = try await watch(address)
            #expect(await eventually { channel.watcherCount == 1 })
            if byHalfClose { client?.endSending() } else { client = nil }
            #expect(await eventually { channel.watcherCount == 0 })
        }
    }

    @Test("The owner learns that a finished channel has no watcher left")
    func ownerLearnsOfIdleChannel() async throws {
        let idle = Signal()
        let channel = EventChannel(startingAfter: 0, onIdle: { idle.give() }) { _, _ in
            EventPage([])
        }
        try await withStreams(channel) { address in
            let client = try await watch(address)
            #expect(await eventually { channel.watcherCount == 1 })
            channel.finish()
            _ = try await client.receiveAll()
            #expect(await idle.comes())
        }
    }

    @Test("Stopping ends streams with the comment and the end of the content")
    func stoppingEndsStreams() async throws {
        let journal = Journal()
        let channel = journal.channel()
        let server = Server(limits: .patient)
        let address = try server.bind(.tcp(host: "127.0.0.1", port: 0))
        try server.serve { _ in
            Response(status: 200, body: .events(EventSubscription(channel: channel, after: 0)))
        }
        let client = try await watch(address)
        _ = try await client.receive(until: "\r\n\r\n")
        #expect(await eventually { server.openEventStreams == 1 })
        journal.publish(1...3, to: channel)
        await server.stop(comment: "the server stops")
        #expect(try await client.events() == journal.expected() + ": the server stops\n\n")
        #expect(server.openEventStreams == 0)
    }

    @Test("One stream too many is refused with a time to come back")
    func streamOverTheLimitIsRefused() async throws {
        var limits = ServerLimits.patient
        limits.eventStreams = 1
        let channel = Journal().channel()
        try await withStreams(channel, limits: limits) { address in
            let first = try await watch(address)
            _ = try await first.receive(until: "\r\n\r\n")
            let second = try await watch(address)
            let answer = try await second.answer()
            #expect(answer.status == 503 && answer.headers["Retry-After"] != nil)
            await second.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try await second.answer().status == 404)
        }
    }

    @Test("A place that is held leaves the stream that has it, and no other, in")
    func heldPlaceIsTheStreams() async throws {
        let permits = StreamPermits(1)
        let group = StreamGroup()
        var slot = permits.take(in: group)
        #expect(slot != nil && group.count == 1)
        #expect(permits.take(in: group) == nil)
        slot = nil
        #expect(group.count == 0)
        #expect(permits.take(in: nil) != nil)
    }

    private func withStreams(
        _ channel: EventChannel,
        limits: ServerLimits = .patient,
        _ body: (ListenAddress) async throws -> Void
    ) async throws {
        var router = Router<Void>()
        router.on(.get, "/events") { @Sendable request in
            let after = request.queryValue("after").flatMap { Int64($0) } ?? 0
            return Response(
                status: 200,
                body: .events(EventSubscription(channel: channel, after: after))
            )
        }
        let routes = router
        try await withServer(limits: limits, { await routes.respond(to: $0) }) { address, _ in
            try await body(address)
        }
    }

    private func request(after: Int64 = 0) -> String {
        "GET /events?after=\(after) HTTP/1.1\r\nHost: a\r\n\r\n"
    }

    private func watch(
        _ address: ListenAddress,
        after: Int64 = 0,
        receiveBuffer: Int32? = nil
    ) async throws -> TestClient {
        let client = try TestClient(address, receiveBuffer: receiveBuffer)
        await client.send(request(after: after))
        return client
    }
}
