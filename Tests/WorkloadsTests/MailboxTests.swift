import Deployments
import Docker
import Engine
import Testing
import Threads

@testable import Workloads

@Suite struct MailboxTests {
    private let id = DeploymentID()
    private let container = String(repeating: "c", count: 64)

    private func line(_ action: String, _ more: String = "", id: String? = nil) -> String {
        #"{"Type":"container","Action":"\#(action)","Actor":{"ID":"\#(container)","#
            + #""Attributes":{"slipway.deployment":"\#(id ?? self.id.text)"\#(more)}},"#
            + #""time":1,"timeNano":1000000001}"# + "\n"
    }

    private func content(_ text: String) -> Mailbox.Content {
        let inbox = Mailbox(wakeup: AsyncSignal())
        let lines = text.utf8.split(separator: 0x0A).map(Array.init)
        inbox.put(lines.compactMap(ContainerEvent.init(line:)))
        return inbox.take()
    }

    @Test func killAndEndAreKeptApart() {
        let text = line("kill", #","signal":"15""#) + line("die", #","exitCode":"143""#)
        let news = content(text).occurrences[id]?.of("cccccccccccc")
        #expect(news?.stopped != nil && news?.end?.exitCode == 143)
    }

    @Test func howeverMuchHappensTakesOneEntry() {
        let text = String(repeating: line("die", #","exitCode":"1""#) + line("start"), count: 1000)
        let content = content(text)
        #expect(content.occurrences.count == 1)
        #expect(content.occurrences[id]?.containers == [container])
    }

    @Test(arguments: [
        ("9", true), ("15", true), ("2", true), ("3", true), ("1", false), ("10", false),
        ("", false),
    ])
    func onlySignalsThatEndProgramsAreStops(_ signal: String, _ isStop: Bool) {
        let occurrence = content(line("kill", #","signal":"\#(signal)""#)).occurrences[id]
        #expect((occurrence?.of(container)?.stopped != nil) == isStop)
    }

    @Test func stopOfAnEarlierRunIsNotThisOnes() {
        let text = line("kill", #","signal":"15""#) + line("die") + line("start")
        let news = content(text).occurrences[id]?.of(container)
        #expect(news != nil && news?.stopped == nil)
    }

    @Test(arguments: ["", "\n\n", "garbage\n", "{}\n", #"{"Type":"image"}"# + "\n"])
    func whatIsNoEventIsPassedOver(_ text: String) {
        #expect(content(text).occurrences.isEmpty)
        #expect(content(text + line("start")).occurrences.count == 1)
    }

    @Test func labelThatIsNoDeploymentsIsPassedOver() {
        #expect(content(line("start", id: "somebody else's")).occurrences.isEmpty)
    }

    @Test func successesAndDeletionsAreTakenFromTheJournal() {
        let inbox = Mailbox(wakeup: AsyncSignal())
        let kinds: [StoredEvent.Kind] = [
            .progress(.completed), .progress(.error), .workload(.stopped), .deleted,
            .progress(.healthCheck),
        ]
        let ids = kinds.map { _ in DeploymentID() }
        inbox.put(
            zip(ids, kinds).map { StoredEvent(id: 1, deploymentID: $0, kind: $1, text: "{}") }
        )
        let content = inbox.take()
        #expect(content.completed == [ids[0]] && content.deleted == [ids[3]])
    }
}
