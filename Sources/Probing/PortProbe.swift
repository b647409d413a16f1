public import Deployments
import Sockets

/// Checks whether something healthy listens behind a published port.
///
/// The engine's proxy accepts connections even for a port on which nothing listens yet, so an
/// accepted connection alone proves nothing.
public struct PortProbe: Sendable {
    /// A numeric IPv4 or IPv6 address.
    let address: String
    let port: UInt16
    /// If there is a path, only a 2xx or 3xx answer is healthy.
    let path: String?
    /// The value of the `Host` field.
    let host: String

    /// The time limit for connecting. A connection that then stays open this long without a byte
    /// counts as another protocol's.
    var silence: Duration = .seconds(2)
    /// The time limit for the answer of a path.
    var answerTime: Duration = .seconds(5)
    /// The deployment. Its probes wait for each other and do not delay those of other deployments.
    let group: String

    /// Creates a probe of a published port. `host` is the value of the `Host` field.
    public init(_ port: PublishedPort, host: String, deployment: DeploymentID) {
        self.init(
            address: port.address,
            port: port.hostPort,
            path: port.mapping.path,
            host: host,
            group: deployment.text
        )
    }

    init(address: String, port: UInt16, path: String?, host: String, group: String = "") {
        self.address = address
        self.port = port
        self.path = path
        self.host = host
        self.group = group
    }

    /// The result of a probe.
    public enum Answer: Sendable, Equatable {
        /// Something answers as it should.
        case healthy
        /// Nothing accepts connections there.
        case refused
        /// Something is there, but it is not healthy; the text says why in a few words.
        case unhealthy(String)

        /// Why the port is not healthy, in a few words; nil if it is healthy.
        public var complaint: String? {
            switch self {
            case .healthy: nil
            // The engine's proxy listens for as long as the container lives.
            case .refused: "nothing listens on the published port"
            case .unhealthy(let reason): reason
            }
        }
    }

    /// The number of bytes of an answer that are read.
    static let mostBytes = 64

    /// Probes once, within seconds once its turn has come. Returns at once if the task is
    /// cancelled.
    public func ask() async -> Answer {
        do throws(SystemError) {
            try EventLoop.start()
        } catch {
            return .unhealthy(error.reason)
        }
        let run = await ProbeRun(self)
        return await withTaskCancellationHandler {
            await run.ask()
        } onCancel: {
            EventLoop.post { run.end(.cancelled) }
        }
    }

    /// Judges the first bytes of an answer: either an HTTP status line (RFC 9112 section 4) or the
    /// greeting of another protocol, which shows that a program listens.
    static func judge(_ received: [UInt8], hasPath: Bool) -> Answer {
        guard let status = status(received) else {
            return hasPath ? .unhealthy("the answer is not HTTP") : .healthy
        }
        let healthy = hasPath ? (200..<400).contains(status) : status < 500
        return healthy ? .healthy : .unhealthy("HTTP status \(status)")
    }

    /// The three digits of a status line; nil if the bytes are not a status line.
    private static func status(_ received: [UInt8]) -> Int? {
        guard received.starts(with: "HTTP/".utf8),
            let blank = received.firstIndex(of: UInt8(ascii: " "))
        else { return nil }
        let digits = received[blank...].dropFirst().prefix { (0x30...0x39).contains($0) }
        guard digits.count == 3, let status = Int(String(decoding: digits, as: UTF8.self)),
            status >= 100
        else { return nil }
        return status
    }
}

extension PortProbe.Answer {
    static let cancelled = Self.unhealthy("cancelled")
}
