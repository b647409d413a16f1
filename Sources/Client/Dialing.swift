internal import Dispatch
internal import Sockets
internal import Synchronization

/// Making connections, off the shared pool: resolving a name blocks.
enum Dialing {
    private static let queue = DispatchQueue(label: "slipway.dial", attributes: .concurrent)
    private static let patience: Int32 = 10_000

    /// A connection to the server.
    static func wire(to address: ServerAddress) async throws(ClientError) -> Wire {
        let answer = Answer()
        let result: Result<Int32, ClientError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.expect(continuation)
                queue.async {
                    do throws(SystemError) {
                        // By its number: a closure cannot own what cannot be copied.
                        answer.give(.success(try connected(address.route).released()))
                    } catch {
                        answer.give(.failure(.unreachable("\(address): \(error.reason)")))
                    }
                }
            }
        } onCancel: {
            answer.give(.failure(.lost("cancelled")))
        }
        return await Wire(descriptor: FileDescriptor(owning: try result.get()))
    }

    /// What waits for a connection is answered once: by the connection, or because it gives up.
    private final class Answer: Sendable {
        private let state = Mutex(State())

        private struct State {
            var waiting: CheckedContinuation<Result<Int32, ClientError>, Never>?
            var early: Result<Int32, ClientError>?
            var isOver = false
        }

        func expect(_ continuation: CheckedContinuation<Result<Int32, ClientError>, Never>) {
            let early = state.withLock { state in
                if state.early == nil { state.waiting = continuation }
                return state.early
            }
            if let early { continuation.resume(returning: early) }
        }

        func give(_ result: Result<Int32, ClientError>) {
            var waiting: CheckedContinuation<Result<Int32, ClientError>, Never>?
            let isLate = state.withLock { state in
                defer { state.isOver = true }
                guard !state.isOver else { return true }
                waiting = state.waiting
                state.waiting = nil
                if waiting == nil { state.early = result }
                return false
            }
            // Nobody wants the connection any more.
            if isLate, case .success(let number) = result { _ = FileDescriptor(owning: number) }
            waiting?.resume(returning: result)
        }
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
