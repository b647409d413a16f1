import Deployments
import Testing

@testable import Journal

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
        with sample: Sample,
        endedAs stage: Stage = .completed
    ) async throws -> SQLiteJournal {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        _ = try await journal.append(sample.event(stage, 100), durability: .durable)
        return journal
    }

    @Test func changeIsPublishedAndFoldedAndSurvivesAReopening() async throws {
        let sample = Sample()
        let journal = try await journal(with: sample)
        let published = Published()
        journal.publish { published.take($0.map(\.event)) }
        let stored = try await journal.append(event(sample, .unhealthy))
        #expect(stored.kind == .workload(.unhealthy) && !stored.isFinal)
        #expect(published.events == [stored])
        let record = try #require(try await journal.record(of: sample.id))
        #expect(record.state.workload?.state == .unhealthy)
        #expect(record.state.lastEventID == stored.id)
        #expect(record.json["workload"]?["previous_state"]?.string == "running")
        await journal.close()
        let reopened = try await SQLiteJournal.open(directory: directory.path)
        #expect(try await reopened.record(of: sample.id) == record)
        #expect(try await reopened.workloads() == [record])
        await reopened.close()
    }

    @Test func changeIsNoEventOfTheDeployment() async throws {
        let sample = Sample()
        let journal = try await journal(with: sample)
        let before = try await journal.all(sample.id)
        let final = try await journal.latest(of: sample.id)
        _ = try await journal.append(event(sample, .stopped))
        #expect(try await journal.all(sample.id) == before)
        #expect(try await journal.latest(of: sample.id) == final)
        #expect(final?.isFinal == true)
        await journal.close()
    }

    @Test func workloadsAreThoseThatTheEngineHas() async throws {
        let sample = Sample()
        let journal = try await journal(with: sample)
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

    @Test(arguments: [Stage.error, .cancelled, .superseded])
    func deploymentWithoutAContainerTakesNoChange(_ stage: Stage) async throws {
        let sample = Sample()
        let journal = try await journal(with: sample, endedAs: stage)
        for id in [sample, Sample()] {
            let refused = await code { () async throws(JournalError) in
                _ = try await journal.append(event(id, .stopped))
            }
            #expect(refused == .unknownDeployment)
        }
        #expect(try await journal.workloads().isEmpty)
        await journal.close()
    }

    @Test func deploymentThatRunsTakesNoChange() async throws {
        let sample = Sample()
        let journal = try await SQLiteJournal.open(directory: directory.path)
        _ = try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        let refused = await code { () async throws(JournalError) in
            _ = try await journal.append(event(sample, .running))
        }
        #expect(refused == .unknownDeployment)
        await journal.close()
    }
}
