import API
import HTTP
import Synchronization

/// The API, which is set once the server knows its own address. Requests before that wait for it.
final class LateHandler: Sendable {
    private let state = Mutex<State>(.waiting([]))

    private enum State {
        case waiting([CheckedContinuation<API, Never>])
        case set(API)
    }

    func set(_ api: API) {
        let waiting: [CheckedContinuation<API, Never>] = state.withLock { state in
            defer { state = .set(api) }
            guard case .waiting(let waiting) = state else { return [] }
            return waiting
        }
        for continuation in waiting { continuation.resume(returning: api) }
    }

    /// How long the content of a request may be.
    func content(_ method: Method, _ segments: [String]) -> Int {
        let api: API? = state.withLock { if case .set(let api) = $0 { api } else { nil } }
        return api?.content(method, segments) ?? .max
    }

    func respond(to request: Request) async -> Response {
        let api = await withCheckedContinuation { continuation in
            let api: API? = state.withLock { state in
                switch state {
                case .set(let api): return api
                case .waiting(let waiting):
                    state = .waiting(waiting + [continuation])
                    return nil
                }
            }
            if let api { continuation.resume(returning: api) }
        }
        return await api.respond(to: request)
    }
}
