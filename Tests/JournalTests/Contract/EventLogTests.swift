import Deployments
import Journal
import Metrics
import Testing

@Suite struct EventLogTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test(arguments: Store.allCases)
    func reopenedJournalHasEverythingItHad(_ store: Store) async throws {
        let sample = Sample(copy: .beforeStart)
        let journal = try await store.open(directory)
        let first = try await journal.create(sample.deployment, first: sample.event(.queued, 0))
        let second = try await journal.append(sample.event(.validating, 5), durability: .durable)
        _ = try await journal.append(sample.event(.pullingImage, 10), durability: .durable)
        let third = try await journal.append(sample.event(.pullingImage, 12), durability: .grouped)
        #expect(try await journal.isConsistent(sample.id))
        let record = try await journal.record(of: sample.id)
        await journal.close()

        let reopened = try await store.open(directory)
        let all = try await reopened.all(sample.id)
        #expect(all.first == first && all[1] == second && all.last == third && all.count == 4)
        #expect(try await reopened.latest(of: sample.id) == third)
        #expect(try await reopened.record(of: sample.id) == record)
        #expect(try await reopened.lastEventID() == third.id)
        #expect(try await reopened.unfinished().map(\.deployment) == [sample.deployment])
        #expect(try await reopened.isConsistent(sample.id))
        let next = try await reopened.append(sample.event(.completed, 100), durability: .durable)
        #expect(next.id > third.id)
        #expect(try await reopened.unfinished().isEmpty)
        await reopened.close()
    }

    @Test(arguments: Store.allCases)
    func recordGivesTheMembersOfADeployment(_ store: Store) async throws {
        let sample = Sample()
        let journal = try await store.open(directory)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        let json = try #require(try await journal.record(of: sample.id)).json
        #expect(
            json.members?.map(\.name) == [
                "id", "number", "app", "environment", "tenant", "container_name", "image",
                "metadata", "settings", "status", "stage", "progress", "message", "created_at",
                "updated_at",
                "finished_at", "stages", "result", "failure", "workload", "last_event_id",
            ]
        )
        #expect(json["status"]?.string == "in_progress")
        #expect(json["metadata"] == ["build": .integer(17)])
        #expect(json["workload"]?.isNull == true)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func eventsArePagedByIdCountAndBytes(_ store: Store) async throws {
        let sample = Sample()
        let journal = try await store.open(directory)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        for progress in 10...20 {
            _ = try await journal.append(
                sample.event(.pullingImage, progress),
                durability: .grouped
            )
        }
        let all = try await journal.all(sample.id)
        #expect(all.count == 12)
        let after = try await journal.events(
            of: sample.id,
            after: all[3].id,
            limit: 2,
            maxBytes: .max
        )
        #expect(after == Array(all[4...5]))
        let bytes = all[0].text.utf8.count + all[1].text.utf8.count
        let fitting = try await journal.events(
            of: sample.id,
            after: 0,
            limit: 100,
            maxBytes: bytes
        )
        #expect(fitting == Array(all[0...1]))
        let least = try await journal.events(of: sample.id, after: 0, limit: 100, maxBytes: 1)
        #expect(least == [all[0]])
        let end = try await journal.events(
            of: sample.id,
            after: all[11].id,
            limit: 9,
            maxBytes: 99
        )
        #expect(end.isEmpty)
        let none = try await journal.events(of: sample.id, after: 0, limit: -1, maxBytes: 99)
        #expect(none.isEmpty)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func unknownDeploymentHasNothing(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let id = DeploymentID()
        #expect(try await journal.lastEventID() == 0)
        #expect(try await journal.latest(of: id) == nil)
        #expect(try await journal.record(of: id) == nil)
        #expect(try await journal.all(id).isEmpty)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func changesThatMakeNoSenseAreRefusedByKind(_ store: Store) async throws {
        let sample = Sample()
        let journal = try await store.open(directory)
        let orphan = await code { () async throws(JournalError) in
            _ = try await journal.append(sample.event(.validating, 5), durability: .durable)
        }
        #expect(orphan == .unknownDeployment)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        let twin = await code { () async throws(JournalError) in
            _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        }
        #expect(twin == .alreadyExists)
        _ = try await journal.append(sample.event(.error, 100), durability: .durable)
        for stage in [Stage.error, .completed, .healthCheck] {
            let late = await code { () async throws(JournalError) in
                _ = try await journal.append(sample.event(stage, 100), durability: .durable)
            }
            #expect(late == .alreadyFinal)
        }
        #expect(try await journal.all(sample.id).count == 2)
        #expect(try await journal.isConsistent(sample.id))
        await journal.close()
        let closed = await code { () async throws(JournalError) in
            _ = try await journal.append(sample.event(.validating, 5), durability: .durable)
        }
        #expect(closed == .closed)
        let unread = await code { () async throws(JournalError) in
            _ = try await journal.lastEventID()
        }
        #expect(unread == .closed)
    }

    @Test(arguments: Store.allCases)
    func concurrentAppendsArePublishedInTheOrderOfIdsAfterTheirCommit(_ store: Store) async throws {
        let samples = (0..<8).map { Sample(app: "app\($0)") }
        let journal = try await store.open(directory)
        let published = Published()
        published.follow(journal)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for sample in samples {
                group.addTask {
                    let first = sample.event(.validating, 5)
                    var last = try await journal.create(sample.deployment, first: first).id
                    for turn in 0..<100 {
                        let stored = try await journal.append(
                            sample.event(.pullingImage, 10 + turn / 5),
                            durability: turn % 10 == 0 ? .durable : .grouped
                        )
                        #expect(stored.id > last)
                        last = stored.id
                        #expect(published.events.contains(stored))
                    }
                    _ = try await journal.append(
                        sample.event(.completed, 100),
                        durability: .durable
                    )
                }
            }
            try await group.waitForAll()
        }
        let ids = published.events.map(\.id)
        #expect(ids == Array(1...816))
        #expect(published.count < ids.count, "some commits hold several events")
        for sample in samples {
            let own = published.events.filter { $0.deploymentID == sample.id }
            #expect(try await journal.all(sample.id) == own)
            #expect(try await journal.isConsistent(sample.id))
        }
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func publishedEventsCanBeReadAtOnce(_ store: Store) async throws {
        let sample = Sample()
        let journal = try await store.open(directory)
        let (stream, continuation) = AsyncStream<StoredEvent>.makeStream()
        let commits = journal.commits()
        // Ends when the journal is closed.
        Task {
            for await group in commits { for commit in group { continuation.yield(commit.event) } }
        }
        let writing = Task {
            _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
            for progress in 10...30 {
                let event = sample.event(.pullingImage, progress)
                _ = try await journal.append(event, durability: .grouped)
            }
            continuation.finish()
        }
        for await event in stream {
            #expect(try await journal.all(sample.id).contains(event))
        }
        try await writing.value
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func closeFinishesWhatWaits(_ store: Store) async throws {
        let sample = Sample()
        let journal = try await store.open(directory)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        let outcomes = await withTaskGroup(of: JournalError.Code?.self) { group in
            for progress in 10...30 {
                group.addTask {
                    await code { () async throws(JournalError) in
                        let event = sample.event(.pullingImage, progress)
                        _ = try await journal.append(event, durability: .grouped)
                    }
                }
            }
            group.addTask {
                await journal.close()
                return nil
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.allSatisfy { $0 == nil || $0 == .closed })
        let reopened = try await store.open(directory)
        let kept = outcomes.filter { $0 == nil }.count
        #expect(try await reopened.all(sample.id).count == kept)
        await reopened.close()
    }
}

/// The code with which something failed; nil if it did not.
func code(
    _ body: () async throws(JournalError) -> Void
) async -> JournalError.Code? {
    do throws(JournalError) {
        try await body()
        return nil
    } catch {
        return error.code
    }
}
