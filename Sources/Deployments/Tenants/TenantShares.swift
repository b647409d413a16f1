/// Counts the use of something by each tenant, so that none of them can exclude the others.
///
/// All tenants together may use `most`. Beyond that, a tenant that uses less than its own share can
/// still get it, unless there are too many such tenants.
public struct TenantShares: Sendable {
    private let most: Int
    private let share: Int
    private var total = 0
    private var taken: [String: Int] = [:]

    /// Creates the shares; no tenant uses anything yet.
    public init(most: Int, share: Int) {
        self.most = most
        self.share = share
    }

    /// Takes one for the tenant; returns false if there is none for it.
    public mutating func take(for tenant: String) -> Bool {
        let own = taken[tenant, default: 0]
        guard total < most || own < share && total < most * 4 else { return false }
        taken[tenant] = own + 1
        total += 1
        return true
    }

    /// Returns one that the tenant has taken.
    public mutating func give(for tenant: String) {
        guard let own = taken[tenant] else { return }
        taken[tenant] = own > 1 ? own - 1 : nil
        total -= 1
    }
}
