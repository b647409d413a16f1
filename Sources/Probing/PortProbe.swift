public import Deployments
import Sockets

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

    /// How long a connection may take, and must stay open without a byte to count as another
    /// protocol's.
    var silence: Duration = .seconds(2)
    /// How long a path's answer may take.
    var answerTime: Duration = .seconds(5)
    /// Whose it is: the probes of one deployment wait for each other rather than others' for them.
    let group: String

    /// A probe of a published port. `host` is what the `Host` field says.
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

    /// What a probe comes to.
    public enum Answer: Sendable, Equatable {
        /// Something answers as it should.
        case healthy
        /// Nothing accepts connections there.
        case refused
        /// Something is there, and not well; why, in a few words.
        case unhealthy(String)

        /// Why it is not healthy, in a few words; nil if it is.
        public var complaint: String? {
            switch self {
            case .healthy: nil
            // The engine's proxy listens for as long as the container lives.
            case .refused: "nothing listens on the published port"
            case .unhealthy(let reason): reason
            }
        }
    }

    /// The number of bytes of an answer that are looked at.
    static let mostBytes = 64

    /// Probes once, within seconds of its turn. Returns at once when the task is cancelled.
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

    /// What the first bytes of an answer mean: an HTTP status line (RFC 9112 section 4), or the
    /// greeting of another protocol, which shows that a program listens.
    static func judge(_ received: [UInt8], hasPath: Bool) -> Answer {
        guard let status = status(received) else {
            return hasPath ? .unhealthy("the answer is not HTTP") : .healthy
        }
        let healthy = hasPath ? (200..<400).contains(status) : status < 500
        return healthy ? .healthy : .unhealthy("HTTP status \(status)")
    }

    /// The three digits of a status line; nil if it is none.
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
