import Glibc
import Sockets
import Testing

@testable import Probing

@Suite(.timeLimit(.minutes(10)))
struct PortProbeTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", PortProbe.Answer.healthy, PortProbe.Answer.healthy),
        ("HTTP/1.0 302 Found\r\n", .healthy, .healthy),
        ("HTTP/1.1 404 Not Found\r\n", .healthy, .unhealthy("HTTP status 404")),
        (
            "HTTP/1.1 500 Oops\r\n", .unhealthy("HTTP status 500"),
            .unhealthy("HTTP status 500")
        ),
        ("SSH-2.0-OpenSSH\r\n", .healthy, .unhealthy("the answer is not HTTP")),
        ("HTTP/1.1 abc\r\n", .healthy, .unhealthy("the answer is not HTTP")),
        ("HTTP/1.1 -12\r\n", .healthy, .unhealthy("the answer is not HTTP")),
        (
            "HTTP/1.1 99999999999999999999\r\n", .healthy,
            .unhealthy("the answer is not HTTP")
        ),
    ])
    func firstBytes(_ text: String, _ plain: PortProbe.Answer, _ withPath: PortProbe.Answer) {
        #expect(PortProbe.judge(Array(text.utf8), hasPath: false) == plain)
        #expect(PortProbe.judge(Array(text.utf8), hasPath: true) == withPath)
    }

    @Test func portOnWhichNothingListensIsRefused() async {
        let probe = PortProbe(address: "127.0.0.1", port: 1, path: nil, host: "localhost")
        #expect(await probe.ask() == .refused)
    }

    @Test func aNameIsNoAddress() async {
        let probe = PortProbe(address: "localhost.", port: 1, path: nil, host: "localhost")
        #expect(await probe.ask() == .unhealthy("localhost. is not an IP address"))
    }

    @Test func anAnswerIsJudgedAndTheRestOfItLeft() async throws {
        let port = try await Port { descriptor in
            let line = Array("HTTP/1.1 503 Away\r\n".utf8) + [UInt8](repeating: 0x78, count: 9000)
            _ = descriptor.send(line, 0..<line.count)
        }
        #expect(await port.probe().ask() == .unhealthy("HTTP status 503"))
    }

    @Test func aConnectionThatIsClosedWithoutAnAnswerIsUnhealthy() async throws {
        let port = try await Port { $0.shutdownSending() }
        #expect(
            await port.probe().ask() == .unhealthy("the connection was closed without an answer")
        )
    }

    @Test func silenceIsAnotherProtocolsUnlessThereIsAPath() async throws {
        let port = try await Port { _ in }
        var plain = port.probe()
        plain.silence = .milliseconds(1)
        #expect(await plain.ask() == .healthy)
        var withPath = port.probe(path: "/health")
        withPath.answerTime = .seconds(1)
        #expect(await withPath.ask() == .unhealthy("no answer within 1 s"))
    }

    @Test func cancellingEndsAProbeAtOnce() async throws {
        let port = try await Port { _ in }
        let task = Task { await port.probe(path: "/").ask() }
        await port.accepted(1)
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    /// More of them than there are threads in any pool, and each would wait for an hour.
    @Test func silentPortsHoldUpNobody() async throws {
        let port = try await Port { _ in }
        let tasks = (0..<100).map { _ in Task { await port.probe(path: "/").ask() } }
        await port.accepted(100)
        let quick = try await Port { descriptor in
            let line = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
            _ = descriptor.send(line, 0..<line.count)
        }
        #expect(await quick.probe().ask() == .healthy)
        for task in tasks { task.cancel() }
        for task in tasks { #expect(await task.value == .cancelled) }
    }

    @EventLoop
    @Test func groupsTakeTurns() async throws {
        try EventLoop.start()
        let queue = ProbeQueue(most: 3, mostOfGroup: 2)
        var started: [String] = []
        func turn(_ group: String, _ number: Int) -> ProbeQueue.Turn {
            let turn = ProbeQueue.Turn(of: group) { started.append("\(group)\(number)") }
            queue.enter(turn)
            return turn
        }
        let many = (0..<5).map { turn("many", $0) }
        #expect(started == ["many0", "many1"])
        let few = (0..<2).map { turn("few", $0) }
        #expect(started == ["many0", "many1", "few0"])
        // A place that is free is taken by whose turn it is: not by the one that has waited longest.
        queue.leave(many[0])
        #expect(started.last == "many2")
        queue.leave(many[1])
        #expect(started.last == "few1")
        // One that leaves before its turn never gets it.
        queue.leave(many[3])
        queue.leave(few[0])
        queue.leave(few[1])
        #expect(started == ["many0", "many1", "few0", "many2", "few1", "many4"])
        queue.leave(many[2])
        queue.leave(many[4])
        _ = turn("few", 3)
        #expect(started.last == "few3")
    }
}

/// A port of this host, what is done with its connections, and how many there have been.
@EventLoop
private final class Port {
    private(set) var count = 0
    nonisolated let number: UInt16
    private let serve: @EventLoop (borrowing FileDescriptor) -> Void
    private var waiting: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    private var acceptor: Acceptor?
    /// Open for as long as the port.
    private var connections: [PollTarget] = []

    init(_ serve: @escaping @EventLoop @Sendable (borrowing FileDescriptor) -> Void) async throws {
        try EventLoop.start()
        let socket = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        number = socket.port
        self.serve = serve
        acceptor = try Acceptor(socket) { [weak self] descriptor, _ in self?.take(descriptor) }
    }

    deinit {
        EventLoop.post { [acceptor] in acceptor?.stop() }
    }

    /// A probe of it that waits for an hour.
    nonisolated func probe(path: String? = nil) -> PortProbe {
        var probe = PortProbe(address: "127.0.0.1", port: number, path: path, host: "localhost")
        probe.silence = .seconds(3600)
        probe.answerTime = .seconds(3600)
        return probe
    }

    /// Returns once there have been so many connections.
    func accepted(_ count: Int) async {
        guard self.count < count else { return }
        await withCheckedContinuation { waiting.append((count, $0)) }
    }

    private func take(_ descriptor: consuming FileDescriptor) {
        serve(descriptor)
        connections.append(PollTarget(descriptor: descriptor))
        count += 1
        for waiter in waiting where waiter.count == count { waiter.continuation.resume() }
        waiting.removeAll { $0.count == count }
    }
}
