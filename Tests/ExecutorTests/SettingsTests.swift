import Deployments
import Engine
import Foundation
import Journal
import Synchronization
import Testing

@testable import Docker
@testable import Executor

/// Release commands, volumes and secrets, on an engine in memory.
extension PipelineTests {
    private static func release(_ request: inout DeploymentRequest) {
        request.release = ReleaseCommand(words: ["migrate"])
    }

    private static func volume(_ request: inout DeploymentRequest) {
        request.volumes = [ContainerMount(.volume("data"), at: "/data")]
    }

    // MARK: The release command

    @Test func releaseCommandRunsOnceInAContainerThatGoes() async throws {
        try await withHouse { house in
            let end = try await house.deploy(Self.release)
            #expect(end.stage == .completed, "\(end.message)")
            #expect(house.engine.all.map(\.name) == ["web"])
            #expect(house.engine.calls.count { $0 == .create } == 2)
            #expect(house.engine.calls.count { $0 == .awaitEnd } == 1)
            #expect(house.events.contains { $0.message == "The release command has succeeded" })
        }
    }

    @Test func releaseCommandThatFailsLeavesWhatRan() async throws {
        try await withHouse { house in
            try await house.deploy()
            let before = house.engine.all
            house.engine.endReleases(with: 3)
            house.engine.write(["no such table"])
            let end = try await house.deploy(Self.release)
            #expect(end.stage == .error)
            #expect(end.outcome?.failure?.code == .releaseFailed)
            #expect(end.outcome?.failure?.exitCode == 3)
            #expect(end.outcome?.failure?.containerLogTail == ["no such table"])
            #expect(house.engine.all == before)
        }
    }

    @Test(arguments: [
        FakeEngine.Moment(operation: .awaitEnd), FakeEngine.Moment(operation: .start),
        FakeEngine.Moment(operation: .copy),
    ])
    func cancellationEndsTheReleaseCommand(_ moment: FakeEngine.Moment) async throws {
        try await withHouse { house in
            try await house.deploy()
            let before = house.engine.all
            house.engine.arm(moment) { () throws(EngineFailure) in
                guard let id = house.newest else { return }
                _ = await house.executor.cancel(id)
            }
            let end = try await house.deploy(Self.release)
            #expect(end.stage == .cancelled, "\(end.message)")
            #expect(end.outcome?.failure?.left == [])
            #expect(house.engine.all == before)
        }
    }

    /// Before it was begun the command is begun anew; one that runs is waited for; what had succeeded is
    /// not run again.
    @Test(arguments: [
        FakeEngine.Moment(operation: .create, isAfter: true), FakeEngine.Moment(operation: .copy),
        FakeEngine.Moment(operation: .start), FakeEngine.Moment(operation: .start, isAfter: true),
        FakeEngine.Moment(operation: .awaitEnd),
        FakeEngine.Moment(operation: .awaitEnd, isAfter: true),
        FakeEngine.Moment(operation: .remove), FakeEngine.Moment(operation: .start, number: 2),
    ])
    func releaseCommandIsNeverRunTwice(_ moment: FakeEngine.Moment) async throws {
        try await withHouse { house in
            let runs = Mutex(0)
            let end = try await takeOver(
                house,
                at: moment,
                meanwhile: { runs.withLock { $0 = house.engine.releases } },
                of: Self.release
            )
            #expect(end.stage == .completed, "\(end.message)")
            #expect(house.engine.releases <= 1 || runs.withLock { $0 } == 0)
            #expect(house.engine.all.map(\.name) == ["web"])
        }
    }

    @Test func releaseCommandWhoseEndIsNotKnownIsNotRunAgain() async throws {
        try await withHouse { house in
            try await house.deploy()
            let before = house.engine.all
            let moment = FakeEngine.Moment(operation: .awaitEnd)
            let end = try await takeOver(
                house,
                at: moment,
                meanwhile: {
                    for container in house.engine.all where container.name.contains(".release-") {
                        house.engine.lose(container.name)
                    }
                },
                of: Self.release
            )
            #expect(end.outcome?.failure?.code == .interrupted, "\(end.message)")
            #expect(house.engine.all == before)
        }
    }

    // MARK: Volumes

    @Test func volumeIsMadeOnceAndStays() async throws {
        try await withHouse { house in
            let first = try await house.deploy(Self.volume)
            #expect(first.stage == .completed)
            #expect(house.engine.volumes["data"]?[Label.app] == "app")
            #expect(house.engine.volumes["data"]?[Label.tenant] == "default")
            house.engine.refuse(
                .start,
                EngineFailure(code: .commandNotFound, message: "No.", hint: "Ask.")
            )
            let second = try await house.deploy(Self.volume)
            #expect(second.stage == .error)
            #expect(house.engine.volumes.count == 1)
            #expect(house.engine.calls.count { $0 == .createVolume } == 1)
        }
    }

    @Test(arguments: [
        ([Label.tenant: "acme", Label.app: "app"], false, "default", false),
        ([Label.tenant: "acme", Label.app: "other"], false, "acme", true),
        ([:], false, "default", true), ([:], false, "acme", false), ([:], true, "default", false),
    ])
    func volumeOfAnotherIsNotUsed(
        _ labels: [String: String],
        _ isAnonymous: Bool,
        _ tenant: String,
        _ isAllowed: Bool
    ) async throws {
        try await withHouse { house in
            house.engine.makeVolume("data", labels: labels, isAnonymous: isAnonymous)
            let end = try await house.deploy(Self.volume, tenant: tenant)
            #expect((end.stage == .completed) == isAllowed, "\(end.message)")
            if !isAllowed {
                #expect(end.outcome?.failure?.code == .volumeNotAvailable)
                #expect(end.outcome?.failure?.stage == .validating)
                #expect(house.engine.all.isEmpty)
            }
        }
    }

    /// What comes into a folder's place while the container is made is not mounted.
    @Test(arguments: [
        FakeEngine.Moment(operation: .volumes), FakeEngine.Moment(operation: .create),
        FakeEngine.Moment(operation: .create, isAfter: true),
    ])
    func folderIsLookedAtAgainBeforeItIsMounted(_ moment: FakeEngine.Moment) async throws {
        try await withHouse { house in
            let folder = "\(house.folder)/mounted/data"
            let files = FileManager.default
            try files.createDirectory(atPath: folder, withIntermediateDirectories: true)
            func change(_ request: inout DeploymentRequest) {
                Self.volume(&request)
                request.volumes.append(ContainerMount(.folder(folder), at: "/mounted"))
            }
            let before = try await house.deploy(change)
            #expect(before.stage == .completed, "\(before.message)")
            let served = house.engine.all
            house.engine.arm(moment) { () throws(EngineFailure) in
                try? FileManager.default.removeItem(atPath: folder)
                try? FileManager.default.createSymbolicLink(
                    atPath: folder,
                    withDestinationPath: "/etc"
                )
            }
            let starts = house.engine.calls.count { $0 == .start }
            let end = try await house.deploy(change)
            #expect(end.outcome?.failure?.code == .volumeNotAvailable, "\(end.message)")
            #expect(house.engine.all.map(\.id) == served.map(\.id))
            #expect(house.engine.all.map(\.running) == [true])
            let further = house.engine.calls.count { $0 == .start } - starts
            // The one that was stopped for it.
            #expect(further <= 1)
        }
    }

    @Test(arguments: [
        (UpdatePolicy.Order.auto, false, "stop-first: both write volume data"),
        (.auto, true, "start-first: both run at once"),
        (.startFirst, false, "start-first: the request says so"),
        (.stopFirst, true, "stop-first: the request says so"),
    ])
    func whoRunsFirstIsToldAndHappens(
        _ order: UpdatePolicy.Order,
        _ isReadOnly: Bool,
        _ told: String
    ) async throws {
        try await withHouse { house in
            func change(_ request: inout DeploymentRequest) {
                request.volumes = [
                    ContainerMount(.volume("data"), at: "/data", isReadOnly: isReadOnly)
                ]
                request.update.order = order
            }
            try await house.deploy(change)
            let count = house.engine.calls.count
            let end = try await house.deploy(change)
            #expect(end.outcome?.result.order == told)
            let calls = house.engine.calls[count...].filter { [.start, .stop].contains($0) }
            #expect(calls == (told.hasPrefix("stop") ? [.stop, .start] : [.start, .stop]))
        }
    }

    @Test func containerThatWasStoppedFirstIsStartedAgainAfterAFailure() async throws {
        try await withHouse { house in
            try await house.deploy(Self.volume)
            house.engine.refuse(
                .copy,
                EngineFailure(code: .copyFailed, message: "No.", hint: "Ask.")
            )
            let end = try await house.deploy(Self.volume)
            #expect(end.stage == .error)
            #expect(end.outcome?.failure?.left == [])
            let container = try #require(house.engine.all.first)
            #expect(container.name == "web" && container.running)
        }
    }

    // MARK: Secrets

    @Test func secretsGoInBeforeTheStart() async throws {
        try await withHouse { house in
            let end = try await house.deploy {
                $0.secrets = ["password": "battery"]
                $0.settings.user = "7:8"
            }
            #expect(end.stage == .completed, "\(end.message)")
            let files = try #require(house.engine.copies.first)
            #expect(files.path == "/run/secrets")
            let content = TarContents.files(in: files.bytes)
            #expect(content == ["password": Array("battery".utf8)])
            #expect(
                String(decoding: files.bytes[100..<124], as: UTF8.self)
                    == "0000400\u{0}0000007\u{0}0000010\u{0}"
            )
            let calls = house.engine.calls.filter { [.copy, .start].contains($0) }
            #expect(calls.prefix(2) == [.copy, .start])
        }
    }

    @Test(arguments: [FakeEngine.Operation.copy, .connect])
    func containerThatLacksSomethingIsNotStarted(_ operation: FakeEngine.Operation) async throws {
        try await withHouse { house in
            try await house.deploy()
            let before = house.engine.all
            let starts = house.engine.calls.count { $0 == .start }
            house.engine.refuse(
                operation,
                EngineFailure(code: .settingsRefused, message: "No.", hint: "Ask otherwise.")
            )
            let end = try await house.deploy {
                $0.secrets = ["password": "battery"]
                $0.settings.networks = [.init(network: "front"), .init(network: "back")]
            }
            #expect(end.outcome?.failure?.code == .settingsRefused, "\(end.message)")
            #expect(house.engine.calls.count { $0 == .start } == starts)
            #expect(house.engine.all == before)
        }
    }

    @Test func valuesThatAnOlderVersionHasKeptAreRead() throws {
        let json = try JSONValue(parsing: Array(#"{"A":"1","B":""}"#.utf8))
        let values = ConfidentialValues(json: json)
        #expect(values == ConfidentialValues(environment: ["A": "1", "B": ""]))
        #expect(ConfidentialValues(json: values.json) == values)
    }

    @Test func readOnlyContainerGetsItsFilesInAVolumeOfItsOwn() async throws {
        try await withHouse { house in
            let end = try await house.deploy {
                $0.settings.isReadOnly = true
                $0.owner = "5:6"
            }
            #expect(end.stage == .completed, "\(end.message)")
            #expect(house.engine.copies.map(\.path) == ["/payload/app"])
            let mounts = house.engine.all.first?.mounts
            #expect(mounts == [ContainerMount(.temporary, at: "/payload/app")])
        }
    }
}
