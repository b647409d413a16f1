import Foundation
import Sockets
import Testing

@testable import Client

@Suite struct CurlProcessTests {
    @Test func bodyIsNamedAndNotQuoted() {
        var request = OutgoingRequest("POST", "/x", silence: .seconds(1))
        #expect(!CurlProcess.configuration(request, url: "https://h/x").contains("data"))
        request.body = [UInt8](repeating: UInt8(ascii: "\""), count: 600_000)
        let text = CurlProcess.configuration(request, url: "https://h/x")
        #expect(text.contains("\ndata-binary = \"@/dev/fd/3\"\n"))
        #expect(text.utf8.count < 1000)
    }

    @Test(.enabled(if: hasCurl)) func serverThatIsNotThereIsUnreachable() async throws {
        // Bound and not listening: nobody else can be there.
        let pair = try #require(Self.boundPort())
        defer { close(pair.descriptor) }
        let address = try ServerAddress(parsing: "https://127.0.0.1:\(pair.port)")
        var request = OutgoingRequest("POST", "/x", silence: .seconds(60))
        request.body = [UInt8](repeating: UInt8(ascii: "x"), count: 600_000)
        do {
            _ = try await Exchange.begin(request, to: address)
            Issue.record("there was an answer")
        } catch {
            guard case .unreachable(let reason) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.contains("connect"))
        }
    }

    @Test(.enabled(if: hasCurl)) func childIsToldToEndAsOftenAsOneLikes() async throws {
        try EventLoop.start()
        let pair = try FileDescriptor.pair()
        let own = FileDescriptor(owning: pair.own)
        let child = try CurlChild(socket: FileDescriptor(owning: pair.child), body: [])
        let first = await ending(of: child)
        let second = await ending(of: child)
        child.end()
        #expect(first != nil && second == nil)
        // Its side of the socket went with it.
        var buffer = [UInt8](repeating: 0, count: 16)
        #expect(own.receive(into: &buffer) == .end)
    }

    @Test func childThatDoesNotEndIsKilled() async throws {
        try EventLoop.start()
        let pair = try FileDescriptor.pair()
        let own = FileDescriptor(owning: pair.own)
        let child = try CurlChild(
            socket: FileDescriptor(owning: pair.child),
            body: [],
            // It stands still, and then no request to end reaches it.
            words: ["sh", "-c", "printf x; kill -STOP $$"]
        )
        var buffer = [UInt8](repeating: 0, count: 16)
        while own.receive(into: &buffer) == .wouldBlock {
            try Task.checkCancellation()
            await Task.yield()
        }
        let ending = try #require(await ending(of: child))
        #expect(ending.status == nil)
        #expect(own.receive(into: &buffer) == .end)
    }

    private func ending(of child: CurlChild) async -> CurlChild.Ending? {
        await withCheckedContinuation { continuation in
            child.end { continuation.resume(returning: $0) }
        }
    }

    private static let hasCurl = (ProcessInfo.processInfo.environment["PATH"] ?? "")
        .split(separator: ":")
        .contains { FileManager.default.isExecutableFile(atPath: "\($0)/curl") }

    private static func boundPort() -> (descriptor: Int32, port: UInt16)? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                unsafe bind(descriptor, pointer, length) == 0
                    && getsockname(descriptor, pointer, &length) == 0
            }
        }
        guard isBound else {
            close(descriptor)
            return nil
        }
        return (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
