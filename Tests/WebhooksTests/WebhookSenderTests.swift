import Client
import Deployments
import Journal
import SQLiteStore
import Synchronization
import Testing

@testable import Webhooks

/// Waits until the condition holds; throws when the test is cancelled.
private func until(_ condition: () -> Bool) async throws {
    while !condition() {
        try await Task.sleep(for: .milliseconds(1))
    }
}

/// The sending out of a journal, to a receiver that is played.
@Suite(.timeLimit(.minutes(10))) struct WebhookSenderTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Takes what is sent, and answers as it is told.
    private final class Played: Sendable {
        struct State {
            var received: [String] = []
            var ids: [String] = []
            var notes: [String] = []
            var answer: @Sendable (String) -> Result<PostRequest.Answer, ClientError> = { _ in
                .success(.init(status: 204))
            }
            var hangs = false
        }

        let state = Mutex(State())

        /// The ids that were taken, in order.
        var received: [String] { state.withLock { $0.received } }
        var notes: [String] { state.withLock { $0.notes } }
        var attempts: Int { state.withLock { $0.ids.count } }

        func answer(
            _ answer: @escaping @Sendable (String) -> Result<PostRequest.Answer, ClientError>
        ) {
            state.withLock { $0.answer = answer }
        }

        func take(_ request: PostRequest) async -> Result<PostRequest.Answer, ClientError> {
            let id = request.fields.first { $0.name == "webhook-id" }?.value ?? ""
            if state.withLock({ $0.hangs }) {
                // Never answers; ends with the task.
                let (nothing, source) = AsyncStream.makeStream(of: Void.self)
                for await _ in nothing {}
                source.finish()
                return .failure(.lost("cancelled"))
            }
            return state.withLock { state in
                state.ids.append(id)
                let answer = state.answer(id)
                if case .success(let answer) = answer, answer.status == 204 {
                    state.received.append(id)
                }
                return answer
            }
        }

        /// Returns once so many have been taken, or when the suite's time is up.
        func taken(_ count: Int) async throws {
            try await until { self.received.count >= count }
        }
    }

    private func sender(
        _ journal: any Journal,
        _ played: Played,
        grace: Duration = .seconds(3)
    ) async throws -> WebhookSender {
        var dependencies = WebhookSender.Dependencies(
            url: try WebURL(parsing: "http://127.0.0.1:9/secret/path"),
            secrets: [try #require(WebhookSecret(WebhookSecretTests.text))],
            post: { await played.take($0) },
            note: { note in played.state.withLock { $0.notes.append(note) } }
        )
        dependencies.limits.backoff.first = .milliseconds(1)
        dependencies.grace = grace
        return try await WebhookSender(
            key: "key",
            place: try await journal.webhookCursors()["key"],
            journal: journal,
            dependencies: dependencies
        )
    }

    /// Runs the receiver for as long as the work takes.
    private func running(_ sender: WebhookSender, _ work: () async throws -> Void) async rethrows {
        let run = Task { await sender.run() }
        try await work()
        await sender.stop()
        await run.value
    }

    private static let stages = [
        Stage.validating, .pullingImage, .pullingImage, .preparingFiles, .completed,
    ]

    @Test func everythingIsSentOverRestartsInOrder() async throws {
        let samples = (0..<6).map { Sample(app: "app\($0)") }
        let played = Played()
        for (index, sample) in samples.enumerated() {
            let journal = try await SQLiteJournal.open(directory: directory.path)
            let sender = try await sender(journal, played)
            await sender.keep()
            // Every other time it does not run.
            if index % 2 == 0 {
                try await sample.keep(Self.stages, in: journal)
            } else {
                try await running(sender) {
                    try await sample.keep(Self.stages, in: journal)
                    sender.wake()
                    try await played.taken(4 * (index + 1))
                }
            }
            await journal.close()
        }
        let numbers = played.received.compactMap { Int($0.dropFirst(4)) }
        #expect(numbers.sorted() == (0..<30).filter { $0 % 5 != 2 }.map { $0 + 1 })
        for index in 0..<6 {
            let own = numbers.filter { ($0 - 1) / 5 == index }
            #expect(own == own.sorted())
        }
    }

    @Test func newOneBeginsAtThePresentEnd() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        try await Sample(app: "before").keep(Self.stages, in: journal)
        let played = Played()
        let sender = try await sender(journal, played)
        try await running(sender) {
            try await Sample(app: "after").keep([.queued, .error], in: journal)
            sender.wake()
            try await played.taken(2)
        }
        #expect(played.received == ["evt_6", "evt_7"])
        #expect(sender.counts.delivered == 2 && sender.counts.pending == 0)
        #expect(try await journal.webhookCursors()["key"] == DeliveryCursor(position: 7))
        await journal.close()
    }

    @Test func receiverThatWasDownGetsEverythingAndTheLogTellsItOnce() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let played = Played()
        played.answer { _ in .failure(.unreachable("down")) }
        let sender = try await sender(journal, played)
        try await running(sender) {
            for index in 0..<20 {
                try await Sample(app: "app\(index)").keep(Self.stages, in: journal)
                sender.wake()
            }
            try await until { played.attempts >= 10 && sender.counts.pending >= 80 }
            played.answer { _ in .success(.init(status: 204)) }
            try await played.taken(80)
        }
        #expect(Set(played.received).count == 80 && played.received.count == 80)
        #expect(sender.counts.delivered == 80 && sender.counts.failedAttempts >= 10)
        #expect(played.notes.count == 2, "\(played.notes)")
        #expect(played.notes.allSatisfy { $0.hasPrefix("webhook http://127.0.0.1:9: ") })
        #expect(played.notes.allSatisfy { !$0.contains("secret") })
        await journal.close()
    }

    @Test func forgottenDeploymentIsTold() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let played = Played()
        played.answer { _ in .failure(.unreachable("down")) }
        let sender = try await sender(journal, played)
        let sample = Sample()
        try await running(sender) {
            try await sample.keep([.queued, .error], in: journal)
            sender.wake()
            try await until { played.attempts >= 2 }
            _ = try await journal.delete(sample.id, at: .now())
            try await until { sender.counts.pending == 0 }
        }
        #expect(sender.counts.forgotten == 2)
        #expect(played.notes.count { $0.contains("forgotten") } == 2)
        await journal.close()
    }

    @Test func unreadEventsOfAForgottenDeploymentAreTold() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let played = Played()
        let sender = try await sender(journal, played)
        let sample = Sample()
        try await sample.keep([.queued, .error], in: journal)
        let record = try #require(try await journal.record(of: sample.id))
        sender.forget(record)
        #expect(played.notes.count == 1 && played.notes[0].contains(sample.id.text))
        try await running(sender) {
            try await played.taken(2)
            try await until { sender.counts.pending == 0 }
        }
        sender.forget(record)
        #expect(played.notes.count == 1)
        await journal.close()
    }

    @Test func endComesThoughTheReceiverHangs() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let played = Played()
        played.state.withLock { $0.hangs = true }
        let sender = try await sender(journal, played, grace: .milliseconds(50))
        await sender.keep()
        try await running(sender) {
            try await Sample().keep([.queued, .error], in: journal)
            sender.wake()
            try await until { sender.counts.pending >= 2 }
        }
        // What was interrupted is no failure, and is sent the next time.
        #expect(sender.counts.failedAttempts == 0)
        played.state.withLock { $0.hangs = false }
        let next = try await self.sender(journal, played)
        try await running(next) { try await played.taken(2) }
        #expect(played.received == ["evt_1", "evt_2"])
        await journal.close()
    }

    @Test func receiverThatIsGoneIsLeftAloneUntilTheNextStart() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let played = Played()
        played.answer { _ in .success(.init(status: 410)) }
        let sender = try await sender(journal, played)
        await sender.keep()
        try await running(sender) {
            try await Sample().keep(Self.stages, in: journal)
            sender.wake()
            try await until { !played.notes.isEmpty }
            sender.wake()
        }
        #expect(played.attempts == 1)
        played.answer { _ in .success(.init(status: 204)) }
        let next = try await self.sender(journal, played)
        try await running(next) { try await played.taken(4) }
        #expect(played.received == ["evt_1", "evt_2", "evt_4", "evt_5"])
        await journal.close()
    }
}
