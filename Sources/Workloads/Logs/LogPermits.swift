import Deployments
import Synchronization

/// The permits to read logs. They are limited, because each log that is read is a docker command.
final class LogPermits: Sendable {
    /// The number of logs that a tenant may read, however many the others read.
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

    /// How often a permit was refused.
    var refused: Int { refusals.load(ordering: .relaxed) }

    fileprivate func give(for tenant: String) {
        shares.withLock { $0.give(for: tenant) }
    }
}

/// A permit to read a log. It is given back when nobody holds it, since an answer may be dropped unsent.
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
