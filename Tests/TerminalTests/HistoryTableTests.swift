import Deployments
import Terminal
import Testing

@Suite struct HistoryTableTests {
    private let start = Timestamp(microseconds: 1_795_273_440_000_000)

    private func after(_ seconds: Int64) -> Timestamp {
        Timestamp(microseconds: start.microseconds + seconds * 1_000_000)
    }

    private func table(_ times: HistoryTable.Times = .relative) -> HistoryTable {
        HistoryTable(now: after(200), times: times) { _ in 0 }
    }

    private func details() -> Details {
        Details(now: after(200), style: .plain) { _ in 0 }
    }

    private func record(_ app: String, _ state: DeploymentState) -> JSONValue {
        let members: [JSONMember] = [
            JSONMember("id", "3f2a91c4-0000-4000-8000-000000000001"),
            JSONMember("number", .integer(1)),
            JSONMember("app", .string(app)),
            JSONMember("environment", "default"),
            JSONMember("tenant", "default"),
            JSONMember("container_name", .string("fractalic-\(app)")),
            JSONMember("image", "app:1"),
            JSONMember("metadata", ["commit": "abc"]),
        ]
        return .object(members + (state.json.members ?? []))
    }

    private func event(
        _ stage: Stage,
        _ progress: Int,
        after seconds: Int64,
        _ outcome: Event.Outcome? = nil
    ) -> Event {
        Event(
            deploymentID: DeploymentID(),
            timestamp: after(seconds),
            message: "Doing it",
            stage: stage,
            progress: progress,
            outcome: outcome
        )
    }

    private var running: JSONValue {
        var state = DeploymentState(createdAt: start, copy: .afterStart)
        state.apply(event(.validating, 5, after: 0), id: 1)
        state.apply(event(.pullingImage, 18, after: 1), id: 2)
        return record("shop", state)
    }

    private var completed: JSONValue {
        var result = DeploymentResult(success: true, message: "", containerName: "c", image: "i")
        result.endpointURL = "http://localhost:1"
        result.urls = ["web": "http://localhost:1", "ai": "http://localhost:2"]
        result.healthStatus = ["web": true, "ai": false]
        result.containerID = "0123456789ab"
        var state = DeploymentState(createdAt: start, copy: .afterStart)
        state.apply(event(.validating, 5, after: 0), id: 1)
        state.apply(event(.pullingImage, 10, after: 2), id: 2)
        state.apply(event(.preparingFiles, 35, after: 10), id: 3)
        state.apply(event(.completed, 100, after: 11, Event.Outcome(result: result)), id: 4)
        return record("mail", state)
    }

    private var failed: JSONValue {
        let failure = Failure(
            code: .imageNotFound,
            stage: .pullingImage,
            message: "There is no app:1.",
            hint: "Push it.",
            exitCode: 1,
            outputTail: ["manifest unknown"]
        )
        let result = DeploymentResult(success: false, message: "", containerName: "c", image: "i")
        let outcome = Event.Outcome(result: result, failure: failure)
        var state = DeploymentState(createdAt: start, copy: .afterStart)
        state.apply(event(.pullingImage, 10, after: 0), id: 1)
        state.apply(event(.error, 100, after: 12, outcome), id: 2)
        return record("auth", state)
    }

    @Test func deploymentsAreListedInShortOnATerminal() {
        let records = [running, completed, failed]
        #expect(
            table().deployments(records, width: 100, style: .plain) == [
                "ID        APP   ENVIRONMENT  STATUS       WHEN         TOOK  DETAIL",
                "3f2a91c4  shop  default      ● running    3 min ago  3m 20s  pulling image 18%  Doing it",
                "3f2a91c4  mail  default      ✓ completed  3 min ago     11s  http://localhost:1",
                "3f2a91c4  auth  default      ✗ failed     3 min ago     12s  image_not_found",
            ]
        )
        #expect(
            table().deployments(records, width: 50, style: .plain) == [
                "ID        APP   STATUS       WHEN", "3f2a91c4  shop  ● running    3 min ago",
                "3f2a91c4  mail  ✓ completed  3 min ago", "3f2a91c4  auth  ✗ failed     3 min ago",
            ]
        )
    }

    @Test func deploymentsAreListedInFullForAProgram() {
        let lines = table(.absolute).deployments([failed], width: nil, style: .plain)
        #expect(
            lines[1] == "3f2a91c4-0000-4000-8000-000000000001  auth  default      ✗ failed"
                + "  2026-11-21 15:04:00   12s  image_not_found"
        )
    }

    @Test func appsAreListedWithTheirCounts() {
        let summary: JSONValue = [
            "app": "mail", "environment": "default", "latest": failed, "live": completed,
            "counts": ["success": .integer(12), "failed": .integer(3), "queued": .integer(0)],
        ]
        #expect(
            table().apps([summary], width: 100, style: .plain) == [
                "APP   ENVIRONMENT  LATEST    WHEN       LIVE      GOOD  FAILED  ALL  DETAIL",
                "mail  default      ✗ failed  3 min ago  3f2a91c4    12       3   15  image_not_found",
            ]
        )
    }

    @Test func detailsOfASuccessTellWhereItRunsAndWhatTookLong() {
        let lines = details().lines(completed, width: 60)
        #expect(lines[0] == "mail  ✓ completed")
        #expect(lines.contains("  requested     2026-11-21 15:04:00  (3 min ago)"))
        #expect(lines.contains("  metadata      {\"commit\":\"abc\"}"))
        let bar = String(repeating: "█", count: 29)
        #expect(lines.contains("  ✓ pulling image       8.0s  \(bar)"))
        #expect(lines.contains("  ✓ validating          2.0s  ███████▎"))
        #expect(lines.contains("  - copying files    skipped"))
        #expect(lines.contains("  ai            http://localhost:2  ✗ not healthy"))
        #expect(lines.contains("  state         ● running"))
    }

    @Test func detailsOfAFailureTellWhy() {
        let lines = details().lines(failed)
        #expect(lines[0] == "auth  ✗ failed")
        #expect(
            Array(lines.suffix(8)) == [
                "Failure", "  code       image_not_found", "  stage      pulling image",
                "  message    There is no app:1.", "  exit code  1", "  hint       Push it.",
                "  output", "  │ manifest unknown",
            ]
        )
    }

    @Test func detailsOfOneUnderWayTellHowFarItIs() {
        let lines = details().lines(running, width: 30)
        #expect(lines[0] == "shop  ● running: pulling image 18%")
        #expect(lines.contains("  ○ health check"))
    }

    /// Every record with any member missing, null, or of another type.
    @Test func recordThatIsNotAsExpectedIsShownAsFarAsItGoes() {
        let others: [JSONValue?] = [
            nil, .null, .bool(true), .integer(Int64.max), .string("\u{1B}[2J\n"), .array([.null]),
            .object([]),
        ]
        for record in [running, completed, failed] {
            for broken in broken(record, others, depth: 3) + others.map({ $0 ?? .null }) {
                for width in [nil, 0, 20, 80] {
                    let lines =
                        details().lines(broken, width: width)
                        + table().deployments([broken], width: width, style: .plain)
                        + table().apps(
                            [broken, ["latest": broken, "live": broken, "counts": broken]],
                            width: width,
                            style: .plain
                        )
                    #expect(!lines.contains(where: steersTerminal))
                }
            }
        }
    }

    private func broken(_ value: JSONValue, _ others: [JSONValue?], depth: Int) -> [JSONValue] {
        guard depth > 0 else { return [] }
        if let members = value.members {
            return members.indices.flatMap { index in
                func with(_ other: JSONValue?) -> JSONValue {
                    var changed = members
                    if let other {
                        changed[index] = JSONMember(members[index].name, other)
                    } else {
                        changed.remove(at: index)
                    }
                    return .object(changed)
                }
                let inner = broken(members[index].value, others, depth: depth - 1)
                return others.map(with) + inner.map { with($0) }
            }
        }
        guard let first = value.elements?.first else { return [] }
        return others.map { .array([$0 ?? .null]) }
            + broken(first, others, depth: depth - 1).map { .array([$0]) }
    }

    @Test func noLineOfATableIsWiderThanItsTerminal() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<20 {
            let records = (0..<4).map { _ -> JSONValue in
                var state = DeploymentState(createdAt: start, copy: .afterStart)
                state.apply(random.event(DeploymentID(), .pullingImage, at: start), id: 1)
                return record(random.text(), state)
            }
            for width in 0...130 {
                let lines =
                    table().deployments(records, width: width, style: .plain)
                    + table().apps(records.map { ["latest": $0] }, width: width, style: .plain)
                #expect(lines.allSatisfy { DisplayWidth.of($0) <= width })
                #expect(!lines.contains { $0.hasSuffix(" ") })
                #expect(!lines.contains(where: steersTerminal))
            }
        }
    }
}
