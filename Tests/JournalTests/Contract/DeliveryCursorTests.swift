import Deployments
import Journal
import Testing

/// What the journal tells and keeps for those who send stage changes on.
@Suite struct DeliveryCursorTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test(arguments: Store.allCases)
    func stageChangesAreTheFirstEventsOfStages(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let (one, other) = (Sample(app: "one"), Sample(app: "other"))
        func append(_ sample: Sample, _ stage: Stage, _ progress: Int) async throws {
            _ = try await journal.append(sample.event(stage, progress), durability: .grouped)
        }
        try await journal.create(one.deployment, first: one.event(.queued, 0))  // 1
        try await append(one, .queued, 0)
        try await journal.create(other.deployment, first: other.event(.validating, 5))  // 3
        try await append(one, .validating, 5)  // 4
        try await append(other, .validating, 5)
        try await append(other, .pullingImage, 10)  // 6
        for progress in 11...15 { try await append(other, .pullingImage, progress) }
        try await append(one, .error, 100)  // 12
        try await append(other, .completed, 100)  // 13
        _ = try await journal.append(other.workload(.running))  // 14

        let all = try await journal.stageChanges(after: 0, limit: 1000)
        #expect(all.changes.map(\.id) == [1, 3, 4, 6, 12, 13])
        #expect(all.changes.map(\.deploymentID) == [one, other, one, other, one, other].map(\.id))
        #expect(all.through == 14)
        // In parts of any size the same comes out.
        for limit in 1...14 {
            var (ids, after) = ([Int64](), Int64(0))
            while true {
                let part = try await journal.stageChanges(after: after, limit: limit)
                if part.through == after { break }
                #expect(part.through - after <= limit)
                ids += part.changes.map(\.id)
                after = part.through
            }
            #expect(ids == [1, 3, 4, 6, 12, 13])
        }
        #expect(try await journal.stageChanges(of: other.id, after: 3, through: 12) == [6])
        #expect(try await journal.stageChanges(of: DeploymentID(), after: 0, through: 99) == [])

        let event = try await journal.event(6)
        #expect(event == (try await journal.all(other.id)).first { $0.id == 6 })
        #expect(try await journal.event(14) == nil)
        #expect(try await journal.event(99) == nil)
        _ = try await journal.delete(one.id, at: Timestamp(microseconds: 1))
        #expect(try await journal.event(1) == nil)
        let left = try await journal.stageChanges(after: 0, limit: 1000)
        #expect(left.changes.map(\.id) == [3, 6, 13])
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func placesAreKeptOverARestart(_ store: Store) async throws {
        let samples = [Sample(app: "one"), Sample(app: "other"), Sample(app: "third")]
        let since = Timestamp(microseconds: 17)
        var place = DeliveryCursor(position: 3)
        do {
            let journal = try await store.open(directory)
            for sample in samples { try await journal.keep(sample, end: .error) }
            #expect(try await journal.webhookCursors().isEmpty)
            try await journal.keep(place, after: nil, of: "a")
            try await journal.keep(DeliveryCursor(position: 5), after: nil, of: "b")
            let before = place
            place.position = 4
            place.lags[samples[0].id] = .init(settled: 1, since: since)
            place.lags[samples[1].id] = .init(settled: 3, since: nil)
            place.lags[samples[2].id] = .init(settled: 0, since: since)
            try await journal.keep(place, after: before, of: "a")
            let earlier = place
            place.lags[samples[0].id] = .init(settled: 2, since: nil)
            place.lags[samples[2].id] = nil
            // Of what is not known nothing is kept, and that is no error.
            place.lags[DeploymentID()] = .init(settled: 1, since: nil)
            try await journal.keep(place, after: earlier, of: "a")
            place.lags = place.lags.filter { id, _ in samples.contains { $0.id == id } }
            await journal.close()
        }
        let journal = try await store.open(directory)
        #expect(
            try await journal.webhookCursors() == ["a": place, "b": DeliveryCursor(position: 5)]
        )
        _ = try await journal.delete(samples[0].id, at: since)
        place.lags[samples[0].id] = nil
        #expect(try await journal.webhookCursors()["a"] == place)
        try await journal.forgetWebhooks(except: ["b"])
        #expect(try await journal.webhookCursors() == ["b": DeliveryCursor(position: 5)])
        try await journal.forgetWebhooks(except: [])
        #expect(try await journal.webhookCursors().isEmpty)
        await journal.close()
    }
}
