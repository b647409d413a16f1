import HTTP
import Synchronization

/// A handler that is set once the server knows its own address. Requests before that wait for it.
final class LateHandler: Sendable {
    private let state = Mutex<State>(.waiting([]))

    private enum State {
        case waiting([CheckedContinuation<Handler, Never>])
        case set(Handler)
    }

    func set(_ handler: @escaping Handler) {
        let waiting: [CheckedContinuation<Handler, Never>] = state.withLock { state in
            defer { state = .set(handler) }
            guard case .waiting(let waiting) = state else { return [] }
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: handler) }
    }

    func respond(to request: Request) async -> Response {
        let handler = await withCheckedContinuation { continuation in
            let handler: Handler? = state.withLock { state in
                switch state {
                case .set(let handler): return handler
                case .waiting(let waiting):
                    state = .waiting(waiting + [continuation])
                    return nil
                }
            }
            if let handler { continuation.resume(returning: handler) }
        }
        return await handler(request)
    }
}
