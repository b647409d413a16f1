import Deployments
import Testing

@Suite struct TenantSharesTests {
    @Test func tenantThatHasAllLeavesTheOthersTheirShare() {
        var shares = TenantShares(most: 4, share: 1)
        for _ in 0..<4 { #expect(shares.take(for: "red") == true) }
        #expect(shares.take(for: "red") == false)
        #expect(shares.take(for: "blue") == true)
        #expect(shares.take(for: "blue") == false)
        #expect(shares.take(for: "green") == true)
        shares.give(for: "red")
        #expect(shares.take(for: "red") == false, "there are still as many as there may be")
        shares.give(for: "blue")
        shares.give(for: "green")
        #expect(shares.take(for: "red") == true)
    }

    @Test func sharesEndWhereThereAreFourTimesAsMany() {
        var shares = TenantShares(most: 2, share: 1)
        let taken = (0..<20).filter { shares.take(for: "tenant \($0)") }
        #expect(taken == Array(0..<8))
        shares.give(for: "nobody")
        #expect(shares.take(for: "tenant 9") == false)
    }
}
