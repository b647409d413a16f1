import Dispatch
import Foundation
import Glibc
import HTTP
import Synchronization

/// A blocking client with a deadline on every read, on threads that are not Swift's pool.
final class TestClient: Sendable {
    struct TimedOut: Error {}

    /// One answer, its content out of its framing.
    struct Answer: Sendable {
        var status: Int
        var headers: HeaderFields
        var body: String
    }

    private static let queue = DispatchQueue(label: "test-client", attributes: .concurrent)
    private let descriptor: Int32
    private let buffer = Mutex(Buffer())

    /// What has come and was not asked for yet.
    private struct Buffer {
        private var bytes: [UInt8] = []
        private var start = 0

        var rest: ArraySlice<UInt8> { bytes[start...] }

        mutating func append(_ more: [UInt8]) {
            bytes.removeFirst(start)
            start = 0
            bytes += more
        }

        mutating func take(_ count: Int) -> [UInt8] {
            defer { start += count }
            return Array(bytes[start..<start + count])
        }
    }

    init(_ address: ListenAddress, receiveBuffer: Int32? = nil) throws {
        switch address {
        case .tcp(let host, let port):
            let isSix = host.contains(":")
            descriptor = socket(isSix ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if var size = receiveBuffer {
                unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4)
            }
            var storage = sockaddr_in6()
            if isSix {
                storage.sin6_family = sa_family_t(AF_INET6)
                unsafe inet_pton(AF_INET6, host, &storage.sin6_addr)
            } else {
                storage.sin6_family = sa_family_t(AF_INET)
                unsafe inet_pton(AF_INET, host, &storage.sin6_flowinfo)
            }
            storage.sin6_port = port.bigEndian
            let size = isSix ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
            try Self.connect(descriptor, &storage, size)
        case .unix(let path):
            descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var storage = sockaddr_un()
            storage.sun_family = sa_family_t(AF_UNIX)
            unsafe withUnsafeMutableBytes(of: &storage.sun_path) {
                unsafe $0.copyBytes(from: Array(path.utf8))
            }
            try Self.connect(descriptor, &storage, MemoryLayout<sockaddr_un>.size)
        }
        var timeout = timeval(tv_sec: 60, tv_usec: 0)
        unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_RCVTIMEO,
            &timeout,
            socklen_t(MemoryLayout<timeval>.size)
        )
    }

    deinit {
        Glibc.close(descriptor)
    }

    private static func connect<Address>(
        _ descriptor: Int32,
        _ address: inout Address,
        _ size: Int
    ) throws {
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(size))
            }
        }
        guard code == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
    }

    func send(_ text: String) async {
        await send(Array(text.utf8))
    }

    /// Sends all that the server will take.
    func send(_ bytes: [UInt8]) async {
        await Self.blocking { [descriptor] in
            var rest = bytes[...]
            while !rest.isEmpty {
                let count = unsafe rest.withUnsafeBytes {
                    unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return }
                rest = rest.dropFirst(count)
            }
        }
    }

    func endSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Has the kernel send a reset on closing.
    func resetOnClose() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(
            descriptor,
            SOL_SOCKET,
            SO_LINGER,
            &linger,
            socklen_t(MemoryLayout<linger>.size)
        )
    }

    /// Reads until the bytes meet the condition, and takes as many of them as it gives.
    func receive(_ condition: (ArraySlice<UInt8>) -> Int?) async throws -> [UInt8] {
        while true {
            let taken = buffer.withLock { buffer in
                condition(buffer.rest).map { buffer.take($0) }
            }
            if let taken { return taken }
            guard try await receiveMore() else {
                return buffer.withLock { $0.take($0.rest.count) }
            }
        }
    }

    /// Reads until the text has come, which is the end of what is given.
    func receive(until text: String) async throws -> String {
        let wanted = Array(text.utf8)
        let bytes = try await receive { bytes in
            var rest = bytes
            while let first = rest.firstIndex(of: wanted[0]) {
                rest = rest[first...]
                if rest.starts(with: wanted) { return first + wanted.count - bytes.startIndex }
                rest = rest.dropFirst()
            }
            return nil
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Everything up to the end of the connection.
    func receiveAll() async throws -> String {
        String(decoding: try await receive { _ in nil }, as: UTF8.self)
    }

    /// One answer, with the content that its fields promise.
    func answer(toHead isHead: Bool = false) async throws -> Answer {
        let head = try await receive(until: "\r\n\r\n")
        let lines = head.components(separatedBy: "\r\n")
        var headers = HeaderFields()
        for line in lines.dropFirst() where line.contains(": ") {
            let parts = line.components(separatedBy: ": ")
            headers.add(parts[0], parts.dropFirst().joined(separator: ": "))
        }
        let status = Int(lines[0].split(separator: " ").dropFirst().first ?? "") ?? -1
        var body: [UInt8] = []
        if isHead || status == 204 || status == 304 || status < 200 {
        } else if let length = headers["Content-Length"].flatMap({ Int($0) }) {
            body = try await receive { $0.count >= length ? length : nil }
        } else if headers["Transfer-Encoding"] == "chunked" {
            while let chunk = try await chunk() { body += chunk }
        } else {
            body = try await receive { _ in nil }
        }
        return Answer(
            status: status,
            headers: headers,
            body: String(decoding: body, as: UTF8.self)
        )
    }

    /// The next chunk's content; nil for the last one and for the end of the connection.
    func chunk() async throws -> [UInt8]? {
        let line = try await receive(until: "\r\n")
        guard let size = Int(line.dropLast(), radix: 16) else { return nil }
        let bytes = try await receive { $0.count >= size + 2 ? size + 2 : nil }
        return size == 0 ? nil : bytes.dropLast(2)
    }

    /// The content of chunks until it ends with the text or the stream ends.
    func events(until text: String? = nil) async throws -> String {
        var content: [UInt8] = []
        let wanted = text.map { Array($0.utf8) }
        while let chunk = try await chunk() {
            content += chunk
            if let wanted, content.suffix(wanted.count).elementsEqual(wanted) { break }
        }
        return String(decoding: content, as: UTF8.self)
    }

    private func receiveMore() async throws -> Bool {
        let result: [UInt8]? = await Self.blocking { [descriptor] in
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EAGAIN { return nil }
            return Array(bytes.prefix(max(0, count)))
        }
        guard let result else { throw TimedOut() }
        buffer.withLock { $0.append(result) }
        return !result.isEmpty
    }

    private static func blocking<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}
