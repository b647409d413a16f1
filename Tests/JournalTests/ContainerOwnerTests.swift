import Deployments
import Testing

@testable import Journal

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
        _ journal: SQLiteJournal,
        _ id: String,
        _ name: String = "fractalic-shop",
        _ creation: String? = "one"
    ) async throws -> DeploymentID? {
        let claim = ContainerClaim(id: id, name: name, creation: creation)
        return try await journal.owner(of: claim)?.deployment
    }

    @Test func announcedCreationIsOwnedByItsNamesUntilTheContainerIsKnown() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        try await journal.keep(sample)
        #expect(try await owner(journal, container) == nil)
        try await journal.announce(creation: "one", of: sample.id)
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
        let stranger = ContainerClaim(id: copy, name: "copy", creation: "one")
        let strangers = try DatabaseLook.strangers(
            among: [claim, stranger],
            directory: directory.path
        )
        #expect(strangers == [stranger])
        await journal.close()
    }

    @Test func creationOfAnUnknownDeploymentIsRefused() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let refusal = await code { () async throws(JournalError) in
            try await journal.announce(creation: "one", of: DeploymentID())
        }
        #expect(refusal == .unknownDeployment)
        await journal.close()
    }

    @Test func containerThatMayStillBeThereOutlivesItsDeployment() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let removed = Sample(app: "site", tenant: "acme")
        for (sample, container) in [(sample, container), (removed, copy)] {
            try await journal.keep(sample)
            try await journal.announce(creation: sample.id.text, of: sample.id)
            try await journal.own(container, from: sample.id.text)
        }
        _ = try await journal.append(sample.workload(.stopped))
        _ = try await journal.append(removed.workload(.removed))
        for sample in [sample, removed] { _ = try await journal.delete(sample.id, at: .now()) }
        #expect(try await owner(journal, container) == sample.id)
        #expect(try await owner(journal, copy) == nil)
        await journal.close()
    }

    @Test func olderJournalsContainersAreTakenOver() async throws {
        let journal = try await SQLiteJournal.open(directory: directory.path)
        let unfinished = Sample(app: "site")
        try await journal.keep(sample)
        _ = try await journal.create(unfinished.deployment, first: unfinished.event(.validating, 5))
        await journal.close()
        let connection = try SQLiteConnection(path: directory.file("journal.sqlite"))
        try connection.execute(
            """
            DROP TABLE containers; DELETE FROM migrations WHERE version > 4;
            PRAGMA user_version = 4;
            UPDATE deployments SET state = json_set(state, '$.result.deployment_id', 'aaaaaaaaaaaa')
                WHERE id = '\(sample.id)';
            """,
            "test"
        )
        let migrated = try await SQLiteJournal.open(directory: directory.path)
        #expect(try await owner(migrated, container, "any", nil) == sample.id)
        let old = ContainerClaim.creation(of: unfinished.id.text)
        #expect(try await owner(migrated, copy, "fractalic-site", old) == unfinished.id)
        #expect(try await owner(migrated, copy, "handmade", old) == nil)
        await migrated.close()
    }
}
