public import Sockets
internal import Synchronization

/// A server for HTTP/1.1 and HTTP/1.0.
public final class Server: Sendable {
    private let core: ServerCore
    /// The socket that has been bound and is not served yet.
    private let bound = Mutex<ListeningSocket?>(nil)

    /// Creates a server that is not bound yet. It raises the process's descriptor limit as far as
    /// it can.
    public init(limits: ServerLimits = ServerLimits()) {
        core = ServerCore(limits: limits, descriptors: DescriptorLimit.raise())
    }

    /// Listens on the address; connections wait there until `serve`. Returns the real address with
    /// its port.
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

    /// Starts to accept connections and has the handler answer every request.
    ///
    /// - Parameter content: the limit of a request's content by its method and the segments of its
    ///   path. The general limit `bodyBytes` applies as well.
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

    /// Closes the listening socket and removes its file. Open connections go on.
    public func stopAccepting() async {
        _ = takeBound()
        await core.stopAccepting()
    }

    /// Ends event streams with the comment, idle connections at once, and the others after their
    /// answer. Whatever is left after `stopTimeout` is cut off.
    public func stop(comment: String) async {
        await core.stop(comment: comment)
    }

    /// Ends the streams of a group, event streams with the comment. No other stream can begin in
    /// the group.
    public func end(_ group: StreamGroup, comment: String) {
        group.end()
        EventLoop.post { [core] in core.end(group, comment: comment) }
    }

    /// The permits for event streams.
    public var streamPermits: StreamPermits { core.permits }

    /// The number of open event streams. May be read from any thread.
    public var openEventStreams: Int { core.streamCount.load(ordering: .relaxed) }

    /// The number of clients that were refused or cut off so far. May be read from any thread.
    public var refusals: RefusalCounts { core.allRefusals }

    /// The server's statistics, which are read on the loop.
    public var statistics: ServerStatistics {
        get async { await core.statistics }
    }
}

/// Carries a listening socket into a closure, because a closure cannot own one.
private final class Listening: Sendable {
    private let socket: Mutex<ListeningSocket?>

    init(_ socket: consuming ListeningSocket) {
        self.socket = Mutex(consume socket)
    }

    func take() -> ListeningSocket? {
        socket.withLock { $0.take() }
    }
}
