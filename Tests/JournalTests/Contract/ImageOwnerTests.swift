import Deployments
import Journal
import Testing

/// Which images an app does not need any more.
@Suite struct ImageOwnerTests {
    let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    /// Keeps a success that runs an image, and that has brought it where `brings` says so.
    @discardableResult
    private func deploy(
        _ journal: any Journal,
        _ image: String,
        app: String = "shop",
        brings: Bool = true
    ) async throws -> DeploymentID {
        let sample = Sample(app: app, tenant: "acme")
        try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        if brings { try await journal.own(image: image, by: Driver(of: sample.id)) }
        try await succeed(sample, with: image, journal)
        return sample.id
    }

    private func succeed(
        _ sample: Sample,
        with image: String,
        _ journal: any Journal
    ) async throws {
        var result = DeploymentResult(success: true, message: "", containerName: "c", image: "i")
        result.imageID = image
        let event = Event(
            deploymentID: sample.id,
            timestamp: Timestamp(microseconds: 1),
            message: "",
            stage: .completed,
            progress: 100,
            outcome: Event.Outcome(result: result)
        )
        _ = try await journal.append(event, durability: .durable)
    }

    /// Keeps a success that has built its image, or a deployment that goes on.
    private func build(_ journal: any Journal, _ name: String, ends: Bool = true) async throws {
        let sample = Sample(app: "shop", tenant: "acme", image: name)
        try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        try await journal.own(image: name, by: Driver(of: sample.id))
        if ends { try await succeed(sample, with: "same", journal) }
    }

    /// All of them may be names of one image.
    @Test(arguments: Store.allCases)
    func newestNamesOfWhatWasBuiltStay(_ store: Store) async throws {
        let journal = try await store.open(directory)
        for name in ["slipway/shop:1", "slipway/shop:2", "slipway/shop:3"] {
            try await build(journal, name)
        }
        try await build(journal, "slipway/shop:4", ends: false)
        #expect(
            try await disposable(journal, using: "same", keeping: 2)
                == ["slipway/shop:1", "slipway/shop:2"]
        )
        #expect(try await disposable(journal, using: "same", keeping: 3) == ["slipway/shop:1"])
        #expect(try await disposable(journal, using: "other", keeping: 9) == [])
        await journal.close()
    }

    /// What may go once another deployment uses `image`.
    private func disposable(
        _ journal: any Journal,
        using image: String,
        keeping count: Int,
        app: String = "shop"
    ) async throws -> [String] {
        let sample = Sample(app: app, tenant: "acme")
        try await journal.create(sample.deployment, first: sample.event(.validating, 5))
        return try await journal.disposableImages(of: sample.id, using: image, keeping: count)
            .sorted()
    }

    @Test(arguments: Store.allCases)
    func newestImagesStay(_ store: Store) async throws {
        let journal = try await store.open(directory)
        for image in ["a", "b", "c", "b"] { try await deploy(journal, image) }
        #expect(try await disposable(journal, using: "d", keeping: 1) == ["a", "b", "c"])
        #expect(try await disposable(journal, using: "d", keeping: 2) == ["a", "c"])
        #expect(try await disposable(journal, using: "d", keeping: 3) == ["a"])
        #expect(try await disposable(journal, using: "a", keeping: 2) == ["c"])
        #expect(try await disposable(journal, using: "d", keeping: 9) == [])
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func whatNobodyHasBroughtStays(_ store: Store) async throws {
        let journal = try await store.open(directory)
        try await deploy(journal, "a", brings: false)
        try await deploy(journal, "b")
        #expect(try await disposable(journal, using: "c", keeping: 1) == ["b"])
        try await journal.forget(images: ["b"])
        #expect(try await disposable(journal, using: "c", keeping: 1) == [])
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func whatAnotherAppMayNeedStays(_ store: Store) async throws {
        let journal = try await store.open(directory)
        try await deploy(journal, "a")
        try await deploy(journal, "a", app: "other", brings: false)
        try await deploy(journal, "b")
        #expect(try await disposable(journal, using: "c", keeping: 1) == ["b"])
        try await deploy(journal, "x", app: "other", brings: false)
        #expect(try await disposable(journal, using: "c", keeping: 1) == ["a", "b"])
        #expect(try await disposable(journal, using: "c", keeping: 2) == [])
        #expect(try await disposable(journal, using: "y", keeping: 1, app: "other") == [])
        await journal.close()
    }

    @Test(arguments: Store.allCases)
    func imageOfAnUnknownDeploymentIsRefused(_ store: Store) async throws {
        let journal = try await store.open(directory)
        let refusal = await code { () async throws(JournalError) in
            try await journal.own(image: "a", by: Driver(of: DeploymentID()))
        }
        #expect(refusal == .unknownDeployment)
        await journal.close()
    }
}
