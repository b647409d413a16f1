import Deployments
import Journal
import Testing

/// Only the newest driver of a deployment can do anything for it, and none contradicts those before.
@Suite struct DriverTests {
    let directory: TemporaryDirectory
    private let sample = Sample()
    private let failure = Failure(
        code: .healthCheckFailed,
        stage: .healthCheck,
        message: "It was not healthy in time.",
        hint: "Look at its log.",
        exitCode: 3,
        outputTail: ["one"],
        containerLogTail: ["two"]
    )

    init() throws {
        directory = try TemporaryDirectory()
    }

    @Test(arguments: Store.allCases)
    func formerDriverCanCommitNothing(_ store: Store) async throws {
        let journal = try await store.open(directory)
        try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        let former = Driver(of: sample.id)
        let adoption = try await journal.adopt(sample.id)
        #expect(adoption.driver.epoch > former.epoch && adoption.intents == Intents())
        let refusals = [
            await code { () async throws(JournalError) in
                _ = try await journal.append(
                    sample.event(.completed, 100),
                    intending: nil,
                    by: former,
                    durability: .durable
                )
            },
            await code { () async throws(JournalError) in
                try await journal.intend(.cancelling, by: former)
            },
            await code { () async throws(JournalError) in
                try await journal.announce(creation: "late", by: former)
            },
        ]
        #expect(refusals == [.fenced, .fenced, .fenced])
        #expect(try await journal.all(sample.id).count == 1)
        let claim = ContainerClaim(id: "late", name: "fractalic-shop", creation: "late")
        #expect(try await journal.owner(of: claim) == nil)
        _ = try await journal.append(
            sample.event(.completed, 100),
            intending: nil,
            by: adoption.driver,
            durability: .durable
        )
        #expect(try await journal.isConsistent(sample.id))
        let late = await code { () async throws(JournalError) in
            _ = try await journal.adopt(sample.id)
        }
        #expect(late == .alreadyFinal)
        let unknown = await code { () async throws(JournalError) in
            _ = try await journal.adopt(DeploymentID())
        }
        #expect(unknown == .unknownDeployment)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func epochsAndIntentsSurviveAReopening(_ store: Store) async throws {
        let journal = try await store.open(directory)
        try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        let driver = try await journal.adopt(sample.id).driver
        _ = try await journal.append(
            sample.event(.startingContainer, 50),
            intending: .stopping(container: "c0ffee"),
            by: driver,
            durability: .grouped
        )
        try await journal.intend(.cancelling, by: driver)
        try await journal.intend(.undoing(.error, failure), by: driver)
        await journal.close()

        let reopened = try await store.open(directory)
        #expect(try await reopened.isConsistent(sample.id))
        let adoption = try await reopened.adopt(sample.id)
        #expect(adoption.driver.epoch > driver.epoch)
        #expect(adoption.intents.stoppedContainer == "c0ffee")
        #expect(adoption.intents.isCancelled && adoption.intents.servingContainer == nil)
        #expect(adoption.intents.undoing == Intents.End(stage: .error, failure: failure))
        await reopened.close()
    }

    @Test(arguments: Store.allCases)
    func oppositeOfAnIntentIsRefusedAndLeavesNoTrace(_ store: Store) async throws {
        let journal = try await store.open(directory)
        for (first, second) in [
            (Intent.takingOver(container: "new"), Intent.undoing(.error, failure)),
            (.undoing(.error, failure), .takingOver(container: "new")),
        ] {
            let sample = Sample()
            let driver = Driver(of: sample.id)
            try await journal.create(sample.deployment, first: sample.event(.validating, 5))
            try await journal.intend(first, by: driver)
            let alone = await code { () async throws(JournalError) in
                try await journal.intend(second, by: driver)
            }
            let told = await code { () async throws(JournalError) in
                _ = try await journal.append(
                    sample.event(.healthCheck, 90),
                    intending: second,
                    by: driver,
                    durability: .durable
                )
            }
            #expect(alone == .contradicted && told == .contradicted)
            #expect(try await journal.all(sample.id).count == 1)
            let intents = try await journal.adopt(sample.id).intents
            let takesOver = first == .takingOver(container: "new")
            #expect(intents.servingContainer == (takesOver ? "new" : nil))
            #expect((intents.undoing == nil) == takesOver)
        }
        await journal.close()
    }
}
