import Deployments
import Journal
import Testing

/// Whose a container is: the journal knows, whatever the container says.
@Suite struct ContainerOwnerTests {
    let directory: TemporaryDirectory
    private let sample = Sample(app: "shop", tenant: "acme")
    private let container = String(repeating: "a", count: 64)
    private let copy = String(repeating: "b", count: 64)

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func owner(
        _ journal: any Journal,
        _ id: String,
        _ name: String = "fractalic-shop",
        _ creation: String? = "one"
    ) async throws -> DeploymentID? {
        let claim = ContainerClaim(id: id, name: name, creation: creation)
        return try await journal.owner(of: claim)?.deployment
    }

    @Test(arguments: Store.allCases)
    func announcedCreationIsOwnedByItsNamesUntilTheContainerIsKnown(_ store: Store) async throws {
        let journal = try await store.open(directory)
        try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        #expect(try await owner(journal, container) == nil)
        try await journal.announce(creation: "one", by: Driver(of: sample.id))
        #expect(try await owner(journal, container) == sample.id)
        let beside = "fractalic-shop.\(sample.id.text.prefix(8))"
        #expect(try await owner(journal, container, beside) == sample.id)
        #expect(try await owner(journal, container, "handmade") == nil)
        #expect(try await owner(journal, container, "fractalic-shop", "two") == nil)
        #expect(try await owner(journal, container, "fractalic-shop", nil) == nil)

        try await journal.own(container, from: "one")
        #expect(try await owner(journal, container, "whatever", nil) == sample.id)
        #expect(try await owner(journal, copy) == nil, "it carries the token, and is another")
        let claim = ContainerClaim(id: container, name: "", creation: nil)
        let owner = ContainerOwner(deployment: sample.id, tenant: "acme", app: "shop")
        #expect(try await journal.owner(of: claim) == owner)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func creationOfAnUnknownDeploymentIsRefused(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let refusal = await code { () async throws(JournalError) in
            try await journal.announce(creation: "one", by: Driver(of: DeploymentID()))
        }
        #expect(refusal == .unknownDeployment)
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func containerThatMayStillBeThereOutlivesItsDeployment(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let removed = Sample(app: "site", tenant: "acme")
        for (sample, container) in [(sample, container), (removed, copy)] {
            try await journal.create(sample.deployment, first: sample.event(.validating, 5))
            let creation = sample.id.text
            try await journal.announce(creation: creation, by: Driver(of: sample.id))
            try await journal.own(container, from: creation)
            _ = try await journal.append(sample.event(.completed, 100), durability: .grouped)
        }
        _ = try await journal.append(sample.workload(.stopped))
        _ = try await journal.append(removed.workload(.removed))
        for sample in [sample, removed] { _ = try await journal.delete(sample.id, at: .now()) }
        #expect(try await owner(journal, container) == sample.id)
        #expect(try await owner(journal, copy) == nil)
        await journal.close()
    }
}
