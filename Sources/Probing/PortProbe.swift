import Deployments
import Dispatch
import Glibc
import Synchronization

/// Asks a published port whether something healthy listens behind it.
///
/// The engine's proxy accepts connections for a port on which nothing listens yet, so that an
/// accepted connection alone says nothing.
public struct PortProbe: Sendable {
    /// A numeric IPv4 or IPv6 address.
    let address: String
    let port: UInt16
    /// With a path only a 2xx or 3xx answer is healthy.
    let path: String?
    /// What the `Host` field says.
    let host: String

    /// A probe of a published port. `host` is what the `Host` field says.
    public init(_ port: PublishedPort, host: String) {
        self.init(
            address: port.address,
            port: port.hostPort,
            path: port.mapping.path,
            host: host
        )
    }

    init(address: String, port: UInt16, path: String?, host: String) {
        self.address = address
        self.port = port
        self.path = path
        self.host = host
    }

    /// What a probe comes to.
    public enum Answer: Sendable, Equatable {
        /// Something answers as it should.
        case healthy
        /// Nothing accepts connections there.
        case refused
        /// Something is there, and not well; why, in a few words.
        case unhealthy(String)

        /// Why it is not healthy, in a few words; nil where it is.
        public var complaint: String? {
            switch self {
            case .healthy: nil
            // The engine's proxy listens for as long as the container lives.
            case .refused: "nothing listens on the published port"
            case .unhealthy(let reason): reason
            }
        }
    }

    /// How long a connection must stay open without a byte to count as another protocol's.
    static let silence: Int32 = 2000
    /// How long a path's answer may take.
    static let answerTime: Int32 = 5000

    private static let queue = DispatchQueue(label: "slipway.probe", attributes: .concurrent)

    /// Probes once, within seconds. Returns at once when the task is cancelled.
    public func ask() async -> Answer {
        let waiting = Mutex<CheckedContinuation<Answer, Never>?>(nil)
        let box = Box(waiting)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                box.put(continuation)
                if Task.isCancelled { return box.resume(.unhealthy("cancelled")) }
                Self.queue.async { box.resume(connectAndAsk()) }
            }
        } onCancel: {
            box.resume(.unhealthy("cancelled"))
        }
    }

    /// Resumes a continuation once, whoever comes first.
    private final class Box: Sendable {
        private let waiting: Mutex<CheckedContinuation<Answer, Never>?>

        init(_ waiting: consuming sending Mutex<CheckedContinuation<Answer, Never>?>) {
            self.waiting = waiting
        }

        func put(_ continuation: CheckedContinuation<Answer, Never>) {
            waiting.withLock { $0 = continuation }
        }

        func resume(_ answer: Answer) {
            let continuation = waiting.withLock { waiting in
                defer { waiting = nil }
                return waiting
            }
            continuation?.resume(returning: answer)
        }
    }

    private func connectAndAsk() -> Answer {
        let isV6 = address.contains(":")
        let descriptor = socket(
            isV6 ? AF_INET6 : AF_INET,
            Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue),
            0
        )
        guard descriptor >= 0 else { return .unhealthy("no socket: \(reason(errno))") }
        defer { close(descriptor) }
        guard connect(descriptor, isV6: isV6) == 0 || errno == EINPROGRESS else {
            return errno == ECONNREFUSED ? .refused : .unhealthy(reason(errno))
        }
        guard wait(descriptor, for: Int16(POLLOUT), atMost: Self.silence) else {
            return .unhealthy("no connection within 2 s")
        }
        var status: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        unsafe getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &status, &length)
        guard status == 0 else {
            return status == ECONNREFUSED ? .refused : .unhealthy(reason(status))
        }
        let request = Array(
            """
            GET \(path ?? "/") HTTP/1.1\r
            Host: \(host):\(port)\r
            User-Agent: slipway\r
            Accept: */*\r
            Connection: close\r
            \r

            """.utf8
        )
        let sent = unsafe send(descriptor, request, request.count, Int32(MSG_NOSIGNAL))
        guard sent == request.count else { return .unhealthy("the connection was closed at once") }
        return answer(descriptor)
    }

    private func connect(_ descriptor: Int32, isV6: Bool) -> Int32 {
        if isV6 {
            var target = sockaddr_in6()
            target.sin6_family = sa_family_t(AF_INET6)
            target.sin6_port = port.bigEndian
            guard unsafe inet_pton(AF_INET6, address, &target.sin6_addr) == 1 else { return -1 }
            return unsafe withUnsafePointer(to: &target) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(
                        descriptor,
                        $0,
                        socklen_t(MemoryLayout<sockaddr_in6>.size)
                    )
                }
            }
        }
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        guard unsafe inet_pton(AF_INET, address, &target.sin_addr) == 1 else { return -1 }
        return unsafe withUnsafePointer(to: &target) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// Reads until the status line is known, the other side closes, or the time is over.
    private func answer(_ descriptor: Int32) -> Answer {
        var received: [UInt8] = []
        let limit = path == nil ? Self.silence : Self.answerTime
        let start = milliseconds()
        while true {
            let left = limit - Int32(clamping: milliseconds() - start)
            guard left > 0, wait(descriptor, for: Int16(POLLIN), atMost: left) else {
                guard received.isEmpty else { return Self.judge(received, hasPath: path != nil) }
                return path == nil
                    ? .healthy : .unhealthy("no answer within \(limit / 1000) s")
            }
            var buffer = [UInt8](repeating: 0, count: 512)
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else {
                return received.isEmpty
                    ? .unhealthy("the connection was closed without an answer")
                    : Self.judge(received, hasPath: path != nil)
            }
            received += buffer[..<count]
            if received.contains(0x0A) || received.count > 64 {
                return Self.judge(received, hasPath: path != nil)
            }
        }
    }

    /// What the first bytes of an answer mean: an HTTP status line (RFC 9112 section 4), or the
    /// greeting of another protocol, which shows that a program listens.
    static func judge(_ received: [UInt8], hasPath: Bool) -> Answer {
        let text = String(decoding: received.prefix(64), as: UTF8.self)
        guard text.hasPrefix("HTTP/"), let blank = text.firstIndex(of: " "),
            let status = Int(text[blank...].dropFirst().prefix(3))
        else {
            return hasPath ? .unhealthy("the answer is not HTTP") : .healthy
        }
        let healthy = hasPath ? (200..<400).contains(status) : status < 500
        return healthy ? .healthy : .unhealthy("HTTP status \(status)")
    }

    private func wait(_ descriptor: Int32, for events: Int16, atMost milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let ready = unsafe poll(&entry, 1, milliseconds)
            if ready < 0, errno == EINTR { continue }
            return ready > 0
        }
    }

    private func milliseconds() -> Int64 {
        var now = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }

    private func reason(_ code: Int32) -> String {
        unsafe String(cString: strerror(code))
    }
}
