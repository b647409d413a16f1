import HTTP
import Testing

@Suite("Limits")
struct LimitTests {
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test("When connections are full, the longest idle one gives way to a new one")
    func longestIdleGivesWay() async throws {
        var limits = ServerLimits.patient
        limits.connections = 3
        limits.leastIdle = .zero
        try await withServer(limits: limits, { text($0.path) }) { address, server in
            var clients: [TestClient] = []
            for _ in 0..<3 {
                clients.append(try TestClient(address))
                await clients.last?.send(Self.get)
                #expect(try await clients.last?.answer().status == 200)
            }
            // The first has been idle for the shortest time now.
            await clients[0].send(Self.get)
            #expect(try await clients[0].answer().status == 200)
            let new = try TestClient(address)
            await new.send(Self.get)
            #expect(try await new.answer().status == 200)
            #expect(try await clients[1].receiveAll() == "")
            for client in [clients[0], clients[2], new] {
                await client.send(Self.get)
                #expect(try await client.answer().status == 200)
            }
            #expect(server.refusals[.idle] == 1 && server.refusals[.connections] == 0)
        }
    }

    @Test("When no connection is idle, a new one is told so, and gets its answer whole")
    func fullServerSaysSo() async throws {
        var limits = ServerLimits.patient
        limits.connections = 2
        let release = Signal()
        let handler: Handler = { request in
            if request.path == "/wait" { _ = await release.comes() }
            return text(request.path)
        }
        try await withServer(limits: limits, handler) { address, server in
            let waiting = try TestClient(address)
            await waiting.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            let slow = try TestClient(address)
            await slow.send("GET / HTTP/1.1\r\nHo")
            #expect(
                await eventually {
                    guard let new = try? TestClient(address) else { return false }
                    await new.send(Self.get)
                    guard let answer = try? await new.answer() else { return false }
                    let rest = try? await new.receiveAll()
                    return answer.status == 503 && answer.headers["Retry-After"] == "5"
                        && answer.headers["Connection"] == "close" && rest == ""
                }
            )
            for _ in 0..<100 {
                let new = try TestClient(address)
                #expect(try await new.answer().status == 503)
            }
            #expect(server.refusals[.connections] > 100)
            release.give()
            #expect(try await waiting.answer().status == 200)
        }
    }

    @Test("One address has so many connections, and others when some of them have ended")
    func addressHasItsShare() async throws {
        var limits = ServerLimits.patient
        limits.connectionsPerAddress = 2
        limits.countsLoopback = true
        let channel = EventChannel(startingAfter: 0) { _, _ in EventPage([]) }
        let handler: Handler = { request in
            guard request.path == "/events" else { return text(request.path) }
            let subscription = EventSubscription(channel: channel, after: 0)
            return Response(status: 200, body: .events(subscription))
        }
        try await withServer(limits: limits, handler) { address, server in
            let watcher = try TestClient(address)
            await watcher.send("GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await watcher.receive(until: "\r\n\r\n")
            var other: TestClient? = try TestClient(address)
            await other?.send(Self.get)
            #expect(try await other?.answer().status == 200)
            let third = try TestClient(address)
            await third.send(Self.get)
            let answer = try await third.answer()
            #expect(answer.status == 429 && answer.headers["Retry-After"] == "5")
            #expect(server.refusals[.connectionsOfAddress] == 1)
            other = nil
            #expect(
                await eventually {
                    guard let new = try? TestClient(address) else { return false }
                    await new.send(Self.get)
                    return (try? await new.answer())?.status == 200
                }
            )
            channel.finish()
        }
        limits.countsLoopback = false
        try await withServer(limits: limits, { text($0.path) }) { address, _ in
            let clients = try (0..<5).map { _ in try TestClient(address) }
            for client in clients {
                await client.send(Self.get)
                #expect(try await client.answer().status == 200)
            }
        }
    }

    @Test("A body that trickles is given up, however often a byte comes")
    func tricklingBodyIsGivenUp() async throws {
        var limits = ServerLimits.patient
        limits.bodyTimeout = .milliseconds(300)
        // Faster than bytes can be sent by themselves.
        limits.leastBytesPerSecond = 1_000_000_000
        try await withServer(limits: limits, { _ in text("") }) { address, server in
            let client = try TestClient(address)
            await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n")
            let trickle = Task {
                while !Task.isCancelled { await client.send("x") }
            }
            #expect(try await client.answer().status == 408)
            trickle.cancel()
            #expect(server.refusals[.bodyTimeout] == 1)
        }
    }

    @Test("A client that takes its answer a little at a time is cut off", arguments: [true, false])
    func tricklingReaderIsCutOff(isStream: Bool) async throws {
        var limits = ServerLimits.patient
        limits.bodyTimeout = .milliseconds(500)
        limits.leastBytesPerSecond = 1_000_000_000
        let part = [UInt8](repeating: 0x61, count: 1_000_000)
        let ended = Signal()
        let handler: Handler = { _ in
            guard isStream else {
                let whole = Array(repeating: part, count: 30).flatMap(\.self)
                return Response(status: 200, body: .bytes(whole))
            }
            let content = ContentStream { writer in
                while await writer.write(part) {}
                ended.give()
            }
            return Response(status: 200, body: .stream(content))
        }
        try await withServer(limits: limits, handler) { address, server in
            let client = try TestClient(address, receiveBuffer: 4096)
            await client.send(Self.get)
            // It goes on taking bytes, each by itself, and is not waited for.
            let taking = Task {
                while !Task.isCancelled {
                    guard try await !client.receive({ $0.isEmpty ? nil : 1 }).isEmpty else { break }
                }
            }
            #expect(await eventually { server.refusals[.readTimeout] == 1 })
            if isStream { #expect(await ended.comes()) }
            taking.cancel()
        }
    }

    @Test("Contents that come slowly are no larger together than there is room for")
    func contentsHaveSoMuchRoom() async throws {
        var limits = ServerLimits.patient
        limits.heldBytes = 150_000
        let handler: Handler = { request in text(String(request.body.count)) }
        try await withServer(limits: limits, handler) { address, server in
            let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"
            let most = String(repeating: "x", count: 99_999)
            let small = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
            let (first, other) = (try TestClient(address), try TestClient(address))
            await first.send(head + most)
            // What comes at once is served, and by then the first has been read.
            await other.send(small)
            #expect(try await other.answer().body == "5")
            let second = try TestClient(address)
            await second.send(head + most)
            let answer = try await second.answer()
            #expect(answer.status == 503 && answer.headers["Retry-After"] == "5")
            #expect(server.refusals[.heldBytes] == 1)
            await other.send(small)
            #expect(try await other.answer().body == "5")
            await first.send("x")
            #expect(try await first.answer().body == "100000")
            // Nothing is held any more.
            for _ in 0..<5 {
                await other.send(head + most + "x")
                #expect(try await other.answer().body == "100000")
            }
        }
    }

    @Test("Refusals are counted by their reason")
    func refusalsAreCounted() async throws {
        let handler: Handler = { request in
            text("", status: Int(request.path.dropFirst()) ?? 200)
        }
        try await withServer(handler) { address, server in
            for (request, reason) in [
                ("garbage\r\n\r\n", RefusalCounts.Reason.malformed),
                ("GET /\(String(repeating: "x", count: 9000)) HTTP/1.1\r\n", .targetBytes),
                ("GET / HTTP/2.0\r\n\r\n", .notSupported),
                ("GET /429 HTTP/1.1\r\nHost: a\r\n\r\n", .tooMany),
                ("GET /503 HTTP/1.1\r\nHost: a\r\n\r\n", .unavailable),
            ] {
                let client = try TestClient(address)
                await client.send(request)
                #expect(try await client.answer().status >= 400)
                #expect(server.refusals[reason] == 1, "\(reason)")
            }
            let all = RefusalCounts.Reason.allCases.reduce(0) { $0 + server.refusals[$1] }
            #expect(all == 5)
        }
    }
}
