internal import Dispatch
internal import Sockets
internal import Synchronization

/// Looking up names and making connections, off the shared pool: both block.
enum Dialing {
    private static let queue = DispatchQueue(label: "slipway.dial", attributes: .concurrent)
    private static let patience: Int32 = 10_000

    /// A connection to the server.
    static func wire(to address: ServerAddress) async throws(ClientError) -> Wire {
        // A connection that nobody wants any more is closed.
        let answer = Answer<Int32> { _ = FileDescriptor(owning: $0) }
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

    /// The addresses of a host, in the resolver's order.
    static func addresses(of host: String) async throws(ClientError) -> [IPAddress] {
        let answer = Answer<[IPAddress]> { _ in }
        let result: Result<[IPAddress], ClientError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                answer.expect(continuation)
                queue.async {
                    do throws(SystemError) {
                        answer.give(.success(try IPAddress.resolved(host)))
                    } catch {
                        answer.give(.failure(.unreachable("\(host): \(error.reason)")))
                    }
                }
            }
        } onCancel: {
            answer.give(.failure(.lost("cancelled")))
        }
        return try result.get()
    }

    /// What waits is answered once: by what it waits for, or because it gives up.
    private final class Answer<Value: Sendable>: Sendable {
        private let state = Mutex(State())
        private let discard: @Sendable (Value) -> Void

        private struct State {
            var waiting: CheckedContinuation<Result<Value, ClientError>, Never>?
            var early: Result<Value, ClientError>?
            var isOver = false
        }

        /// - Parameter discard: takes care of a value that comes too late.
        init(discard: @escaping @Sendable (Value) -> Void) {
            self.discard = discard
        }

        func expect(_ continuation: CheckedContinuation<Result<Value, ClientError>, Never>) {
            let early = state.withLock { state in
                if state.early == nil { state.waiting = continuation }
                return state.early
            }
            if let early { continuation.resume(returning: early) }
        }

        func give(_ result: Result<Value, ClientError>) {
            var waiting: CheckedContinuation<Result<Value, ClientError>, Never>?
            let isLate = state.withLock { state in
                defer { state.isOver = true }
                guard !state.isOver else { return true }
                waiting = state.waiting
                state.waiting = nil
                if waiting == nil { state.early = result }
                return false
            }
            if isLate, case .success(let value) = result { discard(value) }
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
