import Journal
import Synchronization

/// Lets requests that came with the same key in one after the other, so that the second finds
/// what the first has asked for.
final class KeyedLock: Sendable {
    private struct Name: Hashable {
        let tenant: String
        let text: String

        init(_ key: IdempotencyKey) {
            tenant = key.tenant
            text = key.text
        }
    }

    /// Those that wait, for each key that is in use.
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

    /// Gives the key to the next.
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
