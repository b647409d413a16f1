import Deployments
import Journal
import Testing

@Suite struct IdempotencyTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test(arguments: Store.allCases)
    func keyStandsForItsDeploymentAlsoAfterARestart(_ store: Store) async throws {
        let sample = Sample()
        let key = sample.key("once", body: ["a": "b"])
        let journal = try await store.open(directory)
        let moment = sample.deployment.createdAt
        #expect(try await journal.deployment(for: key, at: moment) == nil)
        _ = try await journal.create(sample.deployment, first: sample.event(.queued, 0), key: key)
        await journal.close()

        let reopened = try await store.open(directory)
        let known = KeyedDeployment(id: sample.id, fingerprint: key.fingerprint)
        #expect(try await reopened.deployment(for: key, at: moment) == known)
        let other = sample.key("once", body: ["a": "c"])
        #expect(try await reopened.deployment(for: other, at: moment) == known)
        #expect(try await reopened.deployment(for: sample.key("twice"), at: moment) == nil)
        let stranger = Sample(tenant: "other").key("once")
        #expect(try await reopened.deployment(for: stranger, at: moment) == nil)
        await reopened.close()
    }

    @Test(arguments: Store.allCases)
    func keyThatIsTakenLeavesNoTraceOfTheSecondDeployment(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let outcomes = await withTaskGroup(of: JournalError.Code?.self) { group in
            for turn in 0..<20 {
                let sample = Sample(app: "app\(turn)")
                group.addTask {
                    await code { () async throws(JournalError) in
                        let first = sample.event(.queued, 0)
                        let key = sample.key("once")
                        _ = try await journal.create(sample.deployment, first: first, key: key)
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == nil }.count == 1)
        #expect(outcomes.filter { $0 == .keyTaken }.count == 19)
        #expect(try await journal.history(HistoryQuery(tenant: "default")).deployments.count == 1)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func deliveryIsKnownAsLongAsItsDeployment(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let first = Sample()
        let key = IdempotencyKey(
            tenant: first.deployment.tenant,
            delivery: "d-1",
            to: "shop",
            fingerprint: "c"
        )
        _ = try await journal.create(first.deployment, first: first.event(.error, 100), key: key)
        let later = first.deployment.createdAt.advanced(by: .seconds(40 * 24 * 3600))
        _ = try await journal.prune(Retention(), at: later)
        #expect(try await journal.deployment(for: key, at: later)?.id == first.id)
        let second = Sample(createdAt: later)
        await #expect(throws: JournalError.self) {
            _ = try await journal.create(
                second.deployment,
                first: second.event(.queued, 0),
                key: key
            )
        }
        _ = try await journal.delete(first.id, at: later)
        #expect(try await journal.deployment(for: key, at: later) == nil)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func keyIsFreeAgainAfterADay(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let first = Sample()
        let key = first.key("once")
        _ = try await journal.create(first.deployment, first: first.event(.error, 100), key: key)
        let created = first.deployment.createdAt.microseconds
        let almost = Timestamp(microseconds: created + IdempotencyKey.lifetime - 1)
        let over = Timestamp(microseconds: created + IdempotencyKey.lifetime)
        #expect(try await journal.deployment(for: key, at: almost)?.id == first.id)
        #expect(try await journal.deployment(for: key, at: over) == nil)
        let second = Sample(createdAt: over)
        _ = try await journal.create(second.deployment, first: second.event(.queued, 0), key: key)
        #expect(try await journal.deployment(for: key, at: over)?.id == second.id)
        #expect(try await journal.record(of: first.id) != nil)
        await journal.close()
    }
}
