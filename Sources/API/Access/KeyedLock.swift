import Journal
import Synchronization

/// Admits requests with the same key one after the other, so that the second finds the deployment
/// of the first.
final class KeyedLock: Sendable {
    private struct Name: Hashable {
        let tenant: String
        let text: String

        init(_ key: IdempotencyKey) {
            tenant = key.tenant
            text = key.text
        }
    }

    /// The waiting requests for each key in use.
    private let waiting = Mutex<[Name: [CheckedContinuation<Void, Never>]]>([:])

    /// Waits until nobody else has the key.
    func begin(_ key: IdempotencyKey) async {
        let name = Name(key)
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[name] != nil else {
                    waiting[name] = []
                    return true
                }
                waiting[name]?.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    /// Passes the key on to the next request.
    func end(_ key: IdempotencyKey) {
        let name = Name(key)
        let next = waiting.withLock { waiting in
            guard let next = waiting[name]?.first else {
                waiting[name] = nil
                return nil as CheckedContinuation<Void, Never>?
            }
            waiting[name]?.removeFirst()
            return next
        }
        next?.resume()
    }
}
