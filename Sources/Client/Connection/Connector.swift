internal import Sockets
internal import Synchronization
internal import Threads

/// Looks up names and makes connections. Both block, so they run outside the shared thread pool.
enum Connector {
    private static let threads = BlockingThreads()
    private static let patience: Int32 = 10_000
    /// The resolver takes about this long to give up if a name server does not answer.
    private static let longest = Duration.seconds(40)

    /// Makes a connection to the server.
    static func transport(to address: ServerAddress) async throws(ClientError) -> ClientConnection {
        let (key, name) =
            switch address.route {
            case .tcp(let host, _): (host, "\(address)")
            case .unix(let path): (path, "\(address)")
            case .tls: preconditionFailure("TLS is spoken by a program")
            }
        let socket = try await blocking(key, name) { () throws(SystemError) in
            OpenSocket(try connected(address.route))
        }
        guard let descriptor = socket.take() else { throw .lost("cancelled") }
        return await ClientConnection(descriptor: descriptor)
    }

    /// The addresses of a host, in the resolver's order.
    static func addresses(of host: String) async throws(ClientError) -> [IPAddress] {
        try await blocking(host, host) { () throws(SystemError) in try IPAddress.resolved(host) }
    }

    /// Runs the call, which may wait for another machine. `name` stands for that machine in errors.
    private static func blocking<Value: Sendable>(
        _ key: String,
        _ name: String,
        _ call: @escaping @Sendable () throws(SystemError) -> Value
    ) async throws(ClientError) -> Value {
        do {
            return try await threads.run(for: key, within: longest) { _ in try call() }
        } catch let error as SystemError {
            throw .unreachable("\(name): \(error.reason)")
        } catch BlockingThreads.Failure.timedOut {
            throw .unreachable("\(name): no answer within \(longest.components.seconds) s")
        } catch BlockingThreads.Failure.full {
            throw .unreachable("\(name): too many others wait for an answer already")
        } catch {
            throw .lost("cancelled")
        }
    }

    /// A new connection. It is closed when this value is released, unless somebody has taken it.
    private final class OpenSocket: Sendable {
        private let descriptor: Mutex<FileDescriptor?>

        init(_ descriptor: consuming FileDescriptor) {
            self.descriptor = Mutex(descriptor)
        }

        func take() -> FileDescriptor? {
            descriptor.withLock { $0.take() }
        }
    }

    /// Starts the event loop if it is not running.
    static func start() throws(ClientError) {
        do throws(SystemError) {
            try EventLoop.start()
        } catch {
            throw .unreachable("\(error)")
        }
    }

    private static func connected(
        _ route: ServerAddress.Route
    ) throws(SystemError) -> FileDescriptor {
        switch route {
        case .tcp(let host, let port):
            return try .connected(host: host, port: port, milliseconds: patience)
        case .unix(let path):
            return try .connected(path: path, milliseconds: patience)
        case .tls:
            preconditionFailure("TLS is spoken by a program")
        }
    }
}
