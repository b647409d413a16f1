/// How much of something each tenant has, so that none of them shuts the others out.
///
/// All together may have `most`; beyond that each tenant that has less than a share of its own gets it,
/// as long as there are not too many such tenants.
public struct TenantShares: Sendable {
    private let most: Int
    private let share: Int
    private var total = 0
    private var taken: [String: Int] = [:]

    /// Nobody has any.
    public init(most: Int, share: Int) {
        self.most = most
        self.share = share
    }

    /// Takes one for the tenant; false if there is none for it.
    public mutating func take(for tenant: String) -> Bool {
        let own = taken[tenant, default: 0]
        guard total < most || own < share && total < most * 4 else { return false }
        taken[tenant] = own + 1
        total += 1
        return true
    }

    /// Gives one of the tenant's back.
    public mutating func give(for tenant: String) {
        guard let own = taken[tenant] else { return }
        taken[tenant] = own > 1 ? own - 1 : nil
        total -= 1
    }
}
