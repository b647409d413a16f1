import Journal
import Synchronization
import Testing

@testable import API

/// How many have the key.
private let inside = Atomic(0)

@Suite struct KeyedLockTests {
    private func key(_ text: String, _ tenant: String = "default") -> IdempotencyKey {
        IdempotencyKey(tenant: tenant, text: text, fingerprint: "")
    }

    @Test func oneAtATimeHasAKey() async {
        let turns = KeyedLock()
        let finished = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    await turns.begin(key("once"))
                    defer { turns.end(key("once")) }
                    let alone = inside.add(1, ordering: .relaxed).newValue == 1
                    await Task.yield()
                    inside.subtract(1, ordering: .relaxed)
                    return alone
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(finished == Array(repeating: true, count: 50))
    }

    @Test func otherKeysAndTenantsDoNotWait() async {
        let turns = KeyedLock()
        for key in [key("a"), key("b"), key("a", "other")] { await turns.begin(key) }
        turns.end(key("a"))
        await turns.begin(key("a"))
    }
}
