import CLinux
import Foundation
import Glibc
import Sockets
import Testing

@Suite("Sockets")
struct SocketTests {
    @Test("The loop runs what is posted in its order, and tasks that are isolated to it")
    func loopRunsPostedWork() async throws {
        try EventLoop.start()
        let order = await withCheckedContinuation { continuation in
            let recorder = Recorder()
            for number in 0..<1000 { EventLoop.post { recorder.numbers.append(number) } }
            EventLoop.post { continuation.resume(returning: recorder.numbers) }
        }
        #expect(order == Array(0..<1000))
        await Self.onLoop()
    }

    @EventLoop
    private static func onLoop() {
        EventLoop.shared.assertIsolated()
    }

    @EventLoop
    private final class Recorder {
        var numbers: [Int] = []
        nonisolated init() {}
    }

    @Test("A port that is taken is an error with its code and address")
    func takenPortIsAnError() throws {
        let first = try ListeningSocket.tcp(host: "127.0.0.1", port: 0)
        let port = first.port
        #expect(port > 0)
        let error = #expect(throws: SystemError.self) {
            _ = try ListeningSocket.tcp(host: "127.0.0.1", port: port)
        }
        #expect(error?.isAddressInUse == true)
        #expect(error?.description.contains("127.0.0.1:\(port)") == true)
        _ = consume first
    }

    @Test("A host that cannot be resolved is an error in the resolver's words")
    func unknownHostIsAnError() throws {
        // Longer than a name can be: no server is asked.
        let host = String(repeating: "x", count: 300)
        let listening = #expect(throws: SystemError.self) {
            _ = try ListeningSocket.tcp(host: host, port: 0)
        }
        let connecting = #expect(throws: SystemError.self) {
            _ = try FileDescriptor.connected(host: host, port: 80, milliseconds: 1000)
        }
        for error in [try #require(listening), try #require(connecting)] {
            #expect(error.domain == .resolver)
            #expect(error.subject == host)
            #expect(unsafe error.reason == String(cString: gai_strerror(error.code)))
            #expect(error.description == "resolve \(host): \(error.reason) (\(error.code))")
        }
        let unknown = SystemError(code: EAI_NONAME, domain: .resolver, operation: "resolve")
        #expect(unknown.reason == "Name or service not known")
        #expect(unknown != SystemError(code: EAI_NONAME, operation: "resolve"))
    }

    @Test("Listening on a path replaces a socket that nobody answers on, and nothing else")
    func staleSocketIsReplaced() throws {
        let path = NSTemporaryDirectory() + "slipway-\(UUID().uuidString.prefix(8)).sock"
        defer { try? FileManager.default.removeItem(atPath: path) }
        // Closed without being stopped, as by a crash: the file stays.
        _ = try ListeningSocket.unix(path: path)
        #expect(FileManager.default.fileExists(atPath: path))
        let second = try ListeningSocket.unix(path: path)
        let error = #expect(throws: SystemError.self) {
            _ = try ListeningSocket.unix(path: path)
        }
        #expect(error?.isAddressInUse == true)
        _ = consume second
        try FileManager.default.removeItem(atPath: path)
        try Data("precious".utf8).write(to: URL(filePath: path))
        #expect(throws: SystemError.self) { _ = try ListeningSocket.unix(path: path) }
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("precious".utf8))
    }

    @Test("A path too long for a socket is an error")
    func longPathIsAnError() {
        let error = #expect(throws: SystemError.self) {
            _ = try ListeningSocket.unix(path: "/tmp/" + String(repeating: "x", count: 120))
        }
        #expect(error?.code == ENAMETOOLONG)
    }

    @Test("A peer that has gone is a failed transfer and no signal")
    func gonePeerIsAFailure() throws {
        var pair: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
        #expect(unsafe socketpair(AF_UNIX, kind, 0, &pair) == 0)
        let near = FileDescriptor(owning: pair[0])
        let far = FileDescriptor(owning: pair[1])
        var buffer = [UInt8](repeating: 0, count: 4)
        #expect(near.receive(into: &buffer) == .wouldBlock)
        #expect(far.send([1, 2, 3], 1..<3) == .bytes(2))
        #expect(near.receive(into: &buffer) == .bytes(2))
        #expect(buffer == [2, 3, 0, 0])
        _ = consume far
        #expect(near.receive(into: &buffer) == .end)
        #expect(near.send([1], 0..<1) == .failed(EPIPE))
    }
}
