import Deployments
import Journal
import Testing

@Suite struct WorkloadEventTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func event(_ sample: Sample, _ state: WorkloadState) -> WorkloadEvent {
        WorkloadEvent(
            deploymentID: sample.id,
            timestamp: Timestamp(microseconds: 9_000_000),
            message: "The container is \(state)",
            state: state,
            health: ["frontend": state == .running],
            exitCode: state == .stopped ? 3 : nil
        )
    }

    /// A journal with a deployment that has ended.
    private func journal(
        in store: Store,
        with sample: Sample,
        endedAs stage: Stage = .completed
    ) async throws -> any Journal {
        let journal = try await store.open(directory)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        _ = try await journal.append(sample.event(stage, 100), durability: .durable)
        return journal
    }

    @Test(arguments: Store.allCases)
    func changeIsPublishedAndFoldedAndSurvivesAReopening(_ store: Store) async throws {
        let sample = Sample()
        let journal = try await journal(in: store, with: sample)
        let published = Published()
        published.follow(journal)
        let stored = try await journal.append(event(sample, .unhealthy))
        #expect(stored.kind == .workload(.unhealthy) && !stored.isFinal)
        #expect(published.events == [stored])
        let record = try #require(try await journal.record(of: sample.id))
        #expect(record.state.workload?.state == .unhealthy)
        #expect(record.state.lastEventID == stored.id)
        #expect(record.json["workload"]?["previous_state"]?.string == "running")
        await journal.close()
        let reopened = try await store.open(directory)
        #expect(try await reopened.record(of: sample.id) == record)
        #expect(try await reopened.workloads() == [record])
        await reopened.close()
    }

    @Test(arguments: Store.allCases)
    func changeIsNoEventOfTheDeployment(_ store: Store) async throws {
        let sample = Sample()
        let journal = try await journal(in: store, with: sample)
        let before = try await journal.all(sample.id)
        let final = try await journal.latest(of: sample.id)
        _ = try await journal.append(event(sample, .stopped))
        #expect(try await journal.all(sample.id) == before)
        #expect(try await journal.latest(of: sample.id) == final)
        #expect(final?.isFinal == true)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func workloadsAreThoseThatTheEngineHas(_ store: Store) async throws {
        let sample = Sample()
        let journal = try await journal(in: store, with: sample)
        for state in [WorkloadState.stopping, .stopped, .running, .restarting] {
            _ = try await journal.append(event(sample, state))
            #expect(try await journal.workloads().map(\.deployment.id) == [sample.id])
        }
        _ = try await journal.append(event(sample, .removed))
        #expect(try await journal.workloads().isEmpty)
        _ = try await journal.append(event(sample, .running))
        #expect(try await journal.workloads().count == 1)
        await journal.close()
    }

    @Test(arguments: [Stage.error, .cancelled, .superseded], Store.allCases)
    func deploymentWithoutAContainerTakesNoChange(_ stage: Stage, _ store: Store) async throws {
        let sample = Sample()
        let journal = try await journal(in: store, with: sample, endedAs: stage)
        for id in [sample, Sample()] {
            let refused = await code { () async throws(JournalError) in
                _ = try await journal.append(event(id, .stopped))
            }
            #expect(refused == .unknownDeployment)
        }
        #expect(try await journal.workloads().isEmpty)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func deploymentThatRunsTakesNoChange(_ store: Store) async throws {
        let sample = Sample()
        let journal = try await store.open(directory)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        let refused = await code { () async throws(JournalError) in
            _ = try await journal.append(event(sample, .running))
        }
        #expect(refused == .unknownDeployment)
        await journal.close()
    }
}
