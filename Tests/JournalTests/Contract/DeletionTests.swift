import Deployments
import Journal
import Testing

/// What is forgotten, and what must not be.
@Suite struct DeletionTests {
    let directory: TemporaryDirectory
    let day: Int64 = 24 * 3600 * 1_000_000

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test(arguments: Store.allCases)
    func deletionTakesTheEventsAndTellsOnce(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let published = Published()
        let sample = Sample()
        try await journal.keep(sample, then: .stopped)
        published.follow(journal)
        let before = try await journal.lastEventID()
        let moment = Timestamp(microseconds: 9_000_000)
        let event = try await journal.delete(sample.id, at: moment)
        #expect(event.kind == .deleted)
        #expect(event.id > before)
        #expect(event.deploymentID == sample.id)
        #expect(published.events == [event])
        let json = try JSONValue(parsing: Array(event.text.utf8))
        #expect(json.members?.map(\.name) == ["deployment_id", "timestamp", "message"])
        #expect(json["deployment_id"]?.string == sample.id.text)
        #expect(json["timestamp"]?.string == moment.text)
        #expect(try await journal.record(of: sample.id) == nil)
        #expect(try await journal.all(sample.id).isEmpty)
        await journal.close()

        let reopened = try await store.open(directory)
        #expect(try await reopened.lastEventID() == event.id)
        let next = try await reopened.create(sample.deployment, first: sample.event(.queued, 0))
        #expect(next.id > event.id)
        await reopened.close()
    }

    @Test(arguments: Store.allCases)
    func deletionThatMustNotBeIsRefusedByKind(_ store: Store) async throws {
        let journal = try await store.open(directory)
        func refusal(_ id: DeploymentID) async -> JournalError.Code? {
            await code { () async throws(JournalError) in
                _ = try await journal.delete(id, at: Timestamp(microseconds: 1))
            }
        }
        #expect(await refusal(DeploymentID()) == .unknownDeployment)
        let running = Sample()
        try await journal.create(running.deployment, first: running.event(.pullingImage, 10))
        #expect(await refusal(running.id) == .notFinal)
        let lives = Sample()
        try await journal.keep(lives)
        for state in WorkloadState.allCases where state.isLive {
            _ = try await journal.append(lives.workload(state))
            #expect(await refusal(lives.id) == .workloadLives)
        }
        _ = try await journal.append(lives.workload(.stopped))
        #expect(await refusal(lives.id) == nil)
        #expect(await refusal(lives.id) == .unknownDeployment)
        let late = await code { () async throws(JournalError) in
            _ = try await journal.append(lives.workload(.running))
        }
        #expect(late == .unknownDeployment)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func oldAndSurplusDeploymentsAreForgotten(_ store: Store) async throws {
        let journal = try await store.open(directory)
        func sample(_ app: String, _ environment: String, _ days: Int64) -> Sample {
            let moment = Timestamp(microseconds: days * day)
            return Sample(app: app, environment: environment, createdAt: moment)
        }
        var kept: Set<DeploymentID> = []
        var forgotten: Set<DeploymentID> = []
        // Surplus: seven, of which the newest four are kept.
        for turn in 0..<7 {
            let shop = sample("shop", "live", 100)
            try await journal.keep(shop, end: .error)
            if turn < 3 { forgotten.insert(shop.id) } else { kept.insert(shop.id) }
        }
        // As many elsewhere are no surplus.
        for environment in ["test", "stage"] {
            for _ in 0..<4 {
                let shop = sample("shop", environment, 100)
                try await journal.keep(shop, then: .removed)
                kept.insert(shop.id)
            }
        }
        // Old, but one lives and one is unfinished.
        let old = sample("old", "live", 50)
        try await journal.keep(old, then: .stopped)
        forgotten.insert(old.id)
        let alive = sample("old", "live", 50)
        try await journal.keep(alive)
        let unfinished = sample("old", "live", 50)
        try await journal.create(unfinished.deployment, first: unfinished.event(.queued, 0))
        kept.formUnion([alive.id, unfinished.id])
        // Surplus, but lives: it is counted among the newest, not taken.
        for state in [WorkloadState.running, .removed, .removed, .removed, .removed] {
            let site = sample("site", "live", 100)
            try await journal.keep(site, then: state)
            kept.insert(site.id)
        }
        let published = Published()
        published.follow(journal)
        let now = Timestamp(microseconds: 141 * day)
        let count = try await journal.prune(Retention(count: 4, days: 90), at: now)
        #expect(count == forgotten.count)
        #expect(Set(published.events.map(\.deploymentID)) == forgotten)
        #expect(published.events.allSatisfy { $0.kind == .deleted })
        for id in forgotten { #expect(try await journal.record(of: id) == nil) }
        for id in kept { #expect(try await journal.record(of: id) != nil) }
        #expect(try await journal.prune(Retention(count: 4, days: 90), at: now) == 0)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func pruningEndsWithItsTask(_ store: Store) async throws {
        let journal = try await store.open(directory)
        for _ in 0..<3 { try await journal.keep(Sample(), end: .error) }
        let pruning = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await journal.prune(
                Retention(count: 1, days: 1),
                at: Timestamp(microseconds: 0)
            )
        }
        pruning.cancel()
        #expect(try await pruning.value == 0)
        await journal.close()
    }
}
