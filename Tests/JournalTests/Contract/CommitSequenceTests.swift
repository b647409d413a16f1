import Deployments
import Journal
import Synchronization
import Testing

/// Reading what is committed.
@Suite struct CommitSequenceTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test(arguments: Store.allCases)
    func callReturnsOnceEveryReaderAsksForMore(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let sample = Sample()
        let returned = Mutex(false)
        var one = journal.commits().makeAsyncIterator()
        var other = journal.commits().makeAsyncIterator()
        let creation = Task {
            _ = try await journal.create(
                sample.deployment,
                first: sample.event(.queued, 0),
                key: nil
            )
            returned.withLock { $0 = true }
        }
        #expect(await one.next()?.map(\.event.id) == [1])
        #expect(await other.next()?.map(\.event.deploymentID) == [sample.id])
        #expect(!returned.withLock { $0 })
        // Both end with the journal.
        let rest = [one, other].map { iterator in
            Task {
                var iterator = iterator
                return await iterator.next()?.count
            }
        }
        try await creation.value
        await journal.close()
        for end in rest { #expect(await end.value == nil) }
    }

    @Test(arguments: Store.allCases)
    func readerThatGoesAwayHoldsNobodyUp(_ store: Store) async throws {
        let journal = try await store.open(directory)
        // One that never reads, one that is cancelled while it waits, and one that stops in a group.
        _ = journal.commits()
        let commits = journal.commits()
        let waiting = Task { for await _ in commits {} }
        let partial = journal.commits()
        let reading = Task { for await _ in partial { break } }
        let sample = Sample()
        try await journal.create(sample.deployment, first: sample.event(.queued, 0))
        waiting.cancel()
        await waiting.value
        await reading.value
        _ = try await journal.append(sample.event(.validating, 5), durability: .durable)
        #expect(try await journal.all(sample.id).count == 2)
        await journal.close()
        let ended = journal.commits()
        for await _ in ended { Issue.record("nothing comes from a closed journal") }
    }
}
