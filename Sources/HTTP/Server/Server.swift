public import Sockets
internal import Synchronization

/// A server for HTTP/1.1 and HTTP/1.0.
public final class Server: Sendable {
    private let core: ServerCore

    /// A server that has every request answered by the handler. Raises the process's descriptor
    /// limit as far as it goes.
    public init(limits: ServerLimits = ServerLimits(), handler: @escaping Handler) {
        core = ServerCore(limits: limits, handler: handler, descriptors: DescriptorLimit.raise())
    }

    /// Listens and accepts from now on. Gives the address really taken, with its port.
    public func start(_ address: ListenAddress) throws(SystemError) -> ListenAddress {
        try EventLoop.start()
        let socket: ListeningSocket
        let taken: ListenAddress
        switch address {
        case .tcp(let host, let port):
            socket = try ListeningSocket.tcp(host: host, port: port)
            taken = .tcp(host: host, port: socket.port)
        case .unix(let path):
            socket = try ListeningSocket.unix(path: path)
            taken = address
        }
        let listening = Listening(socket)
        EventLoop.post { [core] in
            if let socket = listening.take() { core.accept(from: socket) }
        }
        return taken
    }

    /// Closes the listening socket, and removes its file. What is connected goes on.
    public func stopAccepting() async {
        await core.stopAccepting()
    }

    /// Ends event streams with the comment, closes idle connections at once and the others after
    /// their answer; what then is left after `stopTimeout` is cut off.
    public func stop(comment: String) async {
        await core.stop(comment: comment)
    }

    /// Ends the streams of a group, those of events with the comment; no other will begin in it.
    public func end(_ group: StreamGroup, comment: String) {
        group.end()
        EventLoop.post { [core] in core.end(group, comment: comment) }
    }

    /// The places of event streams.
    public var streamSlots: StreamPermits { core.slots }

    /// How many event streams are open; from any thread.
    public var openEventStreams: Int { core.streamCount.load(ordering: .relaxed) }

    /// How often clients have been refused or cut off so far; from any thread.
    public var refusals: RefusalCounts { core.allRefusals }

    /// What the server has done so far, as the loop tells it.
    public var statistics: ServerStatistics {
        get async { await core.statistics }
    }
}

/// Carries a listening socket into a closure, which cannot own it.
private final class Listening: Sendable {
    private let socket: Mutex<ListeningSocket?>

    init(_ socket: consuming ListeningSocket) {
        self.socket = Mutex(consume socket)
    }

    func take() -> ListeningSocket? {
        socket.withLock { $0.take() }
    }
}
