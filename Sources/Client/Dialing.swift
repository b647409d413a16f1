internal import Dispatch
internal import Sockets

/// Making connections, off the shared pool: resolving a name blocks.
enum Dialing {
    private static let queue = DispatchQueue(label: "slipway.dial", attributes: .concurrent)
    private static let patience: Int32 = 10_000

    /// A connection to the server.
    static func wire(to address: ServerAddress) async throws(ClientError) -> Wire {
        try start()
        let result: Result<Wire, ClientError> = await withCheckedContinuation { continuation in
            queue.async {
                do throws(SystemError) {
                    let descriptor = try connected(address.route)
                    // Handed over by number: a closure cannot own what cannot be copied.
                    let own = descriptor.released()
                    EventLoop.post {
                        let wire = Wire(descriptor: FileDescriptor(owning: own))
                        continuation.resume(returning: .success(wire))
                    }
                } catch {
                    let reason = "\(address): \(error.reason)"
                    continuation.resume(returning: .failure(.unreachable(reason)))
                }
            }
        }
        return try result.get()
    }

    /// Starts the loop unless it runs.
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
