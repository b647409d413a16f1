import Testing

@testable import Doctor

@Suite struct ContainersFactsTests {
    @Test func everyKnownContainerIsFine() {
        #expect(ContainersFacts(strangers: []).finding.verdict == .ok)
    }

    @Test func theFirstUnknownOnesAreNamed() {
        let names = (1...7).map { "c\($0)" }
        let finding = ContainersFacts(strangers: names).finding
        #expect(finding.verdict == .warning)
        #expect(finding.message.hasSuffix("labels: c1, c2, c3, c4, c5 and 2 more."))
    }

    @Test func withoutAJournalNothingIsTold() {
        #expect(ContainersFacts.gather([], dataFolder: "/nosuch") == nil)
    }
}
