public import Sockets
internal import Synchronization

/// A server for HTTP/1.1 and HTTP/1.0.
public final class Server: Sendable {
    private let core: ServerCore
    /// What has been bound and is not served yet.
    private let bound = Mutex<ListeningSocket?>(nil)

    /// A server that is not bound yet. Raises the process's descriptor limit as far as it goes.
    public init(limits: ServerLimits = ServerLimits()) {
        core = ServerCore(limits: limits, descriptors: DescriptorLimit.raise())
    }

    /// Listens on the address, where connections wait until `serve`. Gives the address that it really
    /// has, with its port.
    public func bind(_ address: ListenAddress) throws(SystemError) -> ListenAddress {
        switch address {
        case .tcp(let host, let port):
            let socket = try ListeningSocket.tcp(host: host, port: port)
            let taken = ListenAddress.tcp(host: host, port: socket.port)
            keep(socket)
            return taken
        case .unix(let path):
            keep(try ListeningSocket.unix(path: path))
            return address
        }
    }

    /// Accepts from now on, and has every request answered by the handler.
    ///
    /// - Parameter content: the most bytes of a request's content, by its method and its path's segments;
    ///   the limits' own `bodyBytes` counts too.
    public func serve(
        content: @escaping @Sendable (Method, [String]) -> ContentLimit = { _, _ in .whole(.max) },
        handler: @escaping Handler
    ) throws(SystemError) {
        try EventLoop.start()
        EventLoop.post { [self] in
            guard let socket = takeBound() else { return }
            core.accept(from: socket, content: content, handler: handler)
        }
    }

    private func keep(_ socket: consuming ListeningSocket) {
        let listening = Listening(socket)
        bound.withLock { $0 = listening.take() }
    }

    private func takeBound() -> ListeningSocket? {
        bound.withLock { $0.take() }
    }

    /// Closes the listening socket, and removes its file. What is connected goes on.
    public func stopAccepting() async {
        _ = takeBound()
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
    public var streamPermits: StreamPermits { core.permits }

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
