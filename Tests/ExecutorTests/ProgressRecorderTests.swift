import Deployments
import Foundation
import Journal
import Testing

@testable import Executor
@testable import SQLiteStore

/// What is told of a deployment that a server before this one left unfinished.
@Suite struct ProgressRecorderTests {
    private let id = DeploymentID()
    private let root = NSTemporaryDirectory() + "reporter-\(UUID().uuidString)"
    /// An hour before the times in the journal: the clock was set back.
    private let later = Timestamp(microseconds: 1_800_000_000_000_000 - 3_600_000_000)

    private func event(_ stage: Stage, _ progress: Int, second: Int64) -> Event {
        Event(
            deploymentID: id,
            timestamp: Timestamp(microseconds: 1_800_000_000_000_000 + second * 1_000_000),
            message: "\(stage.rawValue) \(progress)",
            stage: stage,
            progress: progress
        )
    }

    /// A journal in which the deployment was starting its container.
    private func journal() async throws -> SQLiteJournal {
        let journal = try await SQLiteJournal.open(directory: root)
        let request = DeploymentRequest(app: "a", folder: "/a", containerName: "a", image: "a")
        let first = event(.validating, 5, second: 0)
        let new = NewDeployment(
            id: id,
            tenant: "default",
            request: request,
            createdAt: first.timestamp
        )
        _ = try await journal.create(new, first: first, key: nil)
        for event in [
            event(.pullingImage, 10, second: 1), event(.preparingFiles, 45, second: 3),
            event(.startingContainer, 57, second: 4),
        ] {
            _ = try await journal.append(event, durability: .durable)
        }
        return journal
    }

    @Test func onlyWhatWasNotToldIsTold() async throws {
        let journal = try await journal()
        let record = try #require(try await journal.record(of: id))
        let recorder = ProgressRecorder(
            resuming: record,
            driver: Driver(of: id),
            journal: journal,
            redactor: Redactor(values: []),
            now: { later }
        )
        try await recorder.tell(.validating, "again")
        try await recorder.tell(.pullingImage, "again", fraction: 1)
        try await recorder.note("going on")
        try await recorder.tell(.startingContainer, "back")
        await recorder.mask(Redactor(values: ["correct horse"]))
        try await recorder.tell(.copyingFiles, "on with correct horse")
        let events = try await journal.events(of: id, after: 0, limit: 100, maxBytes: 1 << 20)
        let told = try events.dropFirst(4).map { try JSONValue(parsing: Array($0.text.utf8)) }
        #expect(told.map { $0["message"]?.string } == ["going on", "back", "on with ***"])
        #expect(told.map { $0["progress"]?.integer } == [57, 57, 70])
        let durations = await recorder.durationsSoFar
        #expect(
            durations.map(\.stage) == [
                .validating, .pullingImage, .preparingFiles, .startingContainer, .copyingFiles,
            ]
        )
        #expect(durations.prefix(3).map(\.milliseconds) == [1000, 2000, 1000])
        #expect(durations.allSatisfy { $0.milliseconds >= 0 })
        await journal.close()
        // The system clears what is left here.
        try? FileManager.default.removeItem(atPath: root)
    }

    @Test func whatIsIntendedIsToldAndReadBackByTheNextDriver() async throws {
        let journal = try await journal()
        let record = try #require(try await journal.record(of: id))
        let recorder = ProgressRecorder(
            resuming: record,
            driver: Driver(of: id),
            journal: journal,
            redactor: Redactor(values: []),
            now: { later }
        )
        try await recorder.note("Cancelling", intent: .cancelling)
        let stopping = Intent.stopping(container: "c0ffee")
        try await recorder.tell(.startingContainer, "Stopping", intent: stopping)
        let events = try await journal.events(of: id, after: 0, limit: 100, maxBytes: 1 << 20)
        let details = try events.suffix(2).map {
            try JSONValue(parsing: Array($0.text.utf8))["detail"]?.text
        }
        #expect(details == [#"{"cancelling":true}"#, #"{"stopping_container":"c0ffee"}"#])
        let intents = try await journal.adopt(id).intents
        #expect(intents.isCancelled && intents.stoppedContainer == "c0ffee")
        await journal.close()
        try? FileManager.default.removeItem(atPath: root)
    }
}
