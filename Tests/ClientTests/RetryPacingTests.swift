import Testing

@testable import Client

@Suite struct RetryPacingTests {
    @Test func pausesGrowToABoundAndVary() {
        let least = RetryPacing(chance: { 0 })
        let most = RetryPacing(chance: { 1 })
        let lost = ClientError.lost("x")
        #expect(least.pause(1, after: lost) == .milliseconds(250))
        #expect(least.pause(3, after: lost) == .seconds(1))
        #expect(least.pause(100, after: lost) == .seconds(5))
        #expect(most.pause(100, after: lost) == .seconds(5) * 1.25)
    }

    @Test func serverThatNamesATimeIsHeeded() {
        let problem = Problem(status: 503, retryAfter: "7", body: [])
        #expect(RetryPacing().pause(1, after: .refused(problem)) == .seconds(7))
    }
}
