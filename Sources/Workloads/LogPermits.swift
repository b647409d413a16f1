import Deployments
import Synchronization

/// How many logs may be read at once: each is a docker command.
final class LogPermits: Sendable {
    /// The logs that a tenant may read however many the others read.
    private static let share = 4

    private let shares: Mutex<TenantShares>
    private let refusals = Atomic<Int>(0)

    init(_ count: Int) {
        shares = Mutex(TenantShares(most: count, share: Self.share))
    }

    /// A permit; nil if all are taken.
    func take(for tenant: String) -> LogPermit? {
        guard shares.withLock({ $0.take(for: tenant) }) else {
            refusals.add(1, ordering: .relaxed)
            return nil
        }
        return LogPermit(self, tenant)
    }

    /// How often all were taken.
    var refused: Int { refusals.load(ordering: .relaxed) }

    fileprivate func give(for tenant: String) {
        shares.withLock { $0.give(for: tenant) }
    }
}

/// One of them, given back when nobody holds it any more: an answer may be dropped unsent.
final class LogPermit: Sendable {
    private let permits: LogPermits
    private let tenant: String

    fileprivate init(_ permits: LogPermits, _ tenant: String) {
        self.permits = permits
        self.tenant = tenant
    }

    deinit {
        permits.give(for: tenant)
    }
}
