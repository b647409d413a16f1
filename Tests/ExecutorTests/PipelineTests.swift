import Deployments
import Engine
import Foundation
import Journal
import SQLiteStore
import Synchronization
import Testing

@testable import Executor

/// Every step of a deployment refused, cancelled and broken off, on an engine in memory.
@Suite(.timeLimit(.minutes(2))) struct PipelineTests {
    /// A journal, an engine, and an executor on both.
    final class House: Sendable {
        let engine = FakeEngine()
        let journal: any Journal
        let executor: Executor
        let options: ExecutorOptions
        let folder: String
        private let happened = Mutex(Happened())

        private struct Happened {
            var events: [Event] = []
            var waiting: [DeploymentID: CheckedContinuation<Event, Never>] = [:]

            func end(of id: DeploymentID) -> Event? {
                events.first { $0.deploymentID == id && $0.stage.isFinal }
            }
        }
        /// The executor that takes over.
        let next = Mutex<Executor?>(nil)
        /// The answer to the test's cancellation.
        let cancellation = Mutex<Cancellation?>(nil)

        init(_ folder: String, _ journal: any Journal, patience: Duration) {
            self.folder = folder
            self.journal = journal
            var options = ExecutorOptions(
                privateFolder: "\(folder)/private",
                roots: SourceRoots([folder])
            )
            options.bindRoots = SourceRoots(["\(folder)/mounted"], option: "--bind-root")
            options.enginePatience = patience
            options.namePatience = .seconds(60)
            options.repeatPause = .milliseconds(10)
            self.options = options
            executor = Executor(options: options, engine: engine, journal: journal)
            let commits = journal.commits()
            // Ends when the journal is closed.
            Task { [weak self] in
                for await group in commits {
                    for case .progress(let event) in group.map(\.change) { self?.take(event) }
                }
            }
        }

        private func take(_ event: Event) {
            let waiting = happened.withLock { happened in
                happened.events.append(event)
                return event.stage.isFinal
                    ? happened.waiting.removeValue(forKey: event.deploymentID) : nil
            }
            waiting?.resume(returning: event)
        }

        var events: [Event] { happened.withLock { $0.events } }
        var newest: DeploymentID? { events.last?.deploymentID }

        var request: DeploymentRequest {
            DeploymentRequest(
                app: "app",
                folder: "\(folder)/app",
                containerName: "web",
                image: "image:1"
            )
        }

        func submit(
            _ change: (inout DeploymentRequest) -> Void = { _ in },
            tenant: String = "default"
        ) async throws -> DeploymentID {
            var request = request
            change(&request)
            return try await executor.submit(request, accessScope: AccessScope(tenant: tenant))
        }

        /// Waits for the end of a deployment. The suite's time limit bounds the wait.
        func end(of id: DeploymentID) async -> Event {
            await withCheckedContinuation { continuation in
                let end = happened.withLock { happened -> Event? in
                    if let end = happened.end(of: id) { return end }
                    happened.waiting[id] = continuation
                    return nil
                }
                if let end { continuation.resume(returning: end) }
            }
        }

        @discardableResult
        func deploy(
            _ change: (inout DeploymentRequest) -> Void = { _ in },
            tenant: String = "default"
        ) async throws -> Event { await end(of: try await submit(change, tenant: tenant)) }
    }

    /// - Parameter patience: how long an engine is waited for that does not answer.
    func withHouse(
        patience: Duration = .milliseconds(50),
        _ body: (House) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/pipeline-\(UUID())"
        // The system clears what is left here.
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(
            atPath: "\(folder)/app",
            withIntermediateDirectories: true
        )
        try Data("content".utf8).write(to: URL(fileURLWithPath: "\(folder)/app/file"))
        let journal = try await SQLiteJournal.open(directory: "\(folder)/data")
        let house = House(folder, journal, patience: patience)
        do {
            try await body(house)
        } catch {
            await house.executor.close(drain: .zero)
            await journal.close()
            throw error
        }
        await house.executor.close(drain: .zero)
        await journal.close()
    }

    /// The calls by which a deployment changes something, or waits for long, before the point from
    /// which it cannot be cancelled.
    private static let cancellable: [FakeEngine.Moment] =
        [.pull, .image, .create, .start, .copy].flatMap { operation in
            [
                FakeEngine.Moment(operation: operation),
                FakeEngine.Moment(operation: operation, isAfter: true),
            ]
        }

    /// A known image is not looked at again, and without a replacement there is nothing to rename.
    private static func happens(_ moment: FakeEngine.Moment, _ isReplacement: Bool) -> Bool {
        if isReplacement { return moment.operation != .image }
        return cancellable.contains(moment) || moment.operation == .setRestartPolicy
    }

    /// The calls after that point.
    private static let uncancellable: [FakeEngine.Moment] =
        [
            (FakeEngine.Operation.setRestartPolicy, 1), (.rename, 1), (.rename, 2), (.stop, 1),
            (.remove, 1),
        ].flatMap {
            [
                FakeEngine.Moment(operation: $0, number: $1),
                FakeEngine.Moment(operation: $0, isAfter: true, number: $1),
            ]
        }

    // MARK: Success

    @Test func deploymentAndReplacementDoWhatTheyMust() async throws {
        try await withHouse { house in
            #expect(try await house.deploy().stage == .completed)
            let first = try #require(house.engine.all.first)
            #expect(first.name == "web" && first.running)
            #expect(house.engine.policy(of: first.id) == "unless-stopped")
            let count = house.engine.calls.count
            let end = try await house.deploy()
            #expect(end.outcome?.result.replaced == first.id)
            let second = try #require(house.engine.all.first)
            #expect(second.id != first.id && second.name == "web" && second.running)
            #expect(house.engine.all.count == 1)
            let changes = house.engine.calls[count...].filter {
                [.pull, .create, .start, .copy, .setRestartPolicy, .rename, .stop, .remove]
                    .contains($0)
            }
            // The pull goes on beside the creation, and the policy is set beside the renaming.
            #expect(
                changes.filter { $0 != .pull && $0 != .setRestartPolicy }
                    == [.create, .start, .copy, .rename, .rename, .stop, .remove]
            )
            let isSet = try #require(changes.firstIndex(of: .setRestartPolicy))
            #expect(changes[..<isSet].contains(.copy) && changes[isSet...].contains(.stop))
        }
    }

    // MARK: Refusals

    @Test(arguments: [
        (FakeEngine.Operation.pull, FailureCode.registryUnreachable, Stage.pullingImage),
        (.create, .settingsRefused, .startingContainer),
        (.start, .commandNotFound, .startingContainer),
        (.copy, .copyFailed, .copyingFiles),
        (.setRestartPolicy, .internal, .healthCheck),
    ])
    func refusalEndsTheDeploymentInItsStageAndLeavesWhatRan(
        _ operation: FakeEngine.Operation,
        _ code: FailureCode,
        _ stage: Stage
    ) async throws {
        try await withHouse { house in
            try await house.deploy()
            let before = house.engine.all
            house.engine.refuse(
                operation,
                EngineFailure(code: code, message: "No.", hint: "Ask otherwise.")
            )
            let end = try await house.deploy()
            #expect(end.stage == .error)
            #expect(end.outcome?.failure?.code == code)
            #expect(end.outcome?.failure?.stage == stage)
            #expect(end.outcome?.failure?.left == [])
            #expect(house.engine.all == before)
        }
    }

    @Test func programThatEndsIsToldWithItsExitCode() async throws {
        try await withHouse { house in
            let engine = house.engine
            engine.arm(FakeEngine.Moment(operation: .start, isAfter: true)) {
                () throws(EngineFailure) in
                engine.change("web") { container in
                    container.status = .exited
                    container.running = false
                    container.exitCode = 7
                }
            }
            engine.write(["last words"])
            let end = try await house.deploy()
            #expect(end.outcome?.failure?.code == .containerExited)
            #expect(end.outcome?.failure?.containerLogTail == ["last words"])
            #expect(end.outcome?.failure?.exitCode == 7)
            #expect(engine.all.isEmpty)
        }
    }

    @Test(arguments: [false, true])
    func containerThatIsNobodysIsLeftAlone(_ isImageKnown: Bool) async throws {
        try await withHouse { house in
            if isImageKnown {
                try await house.deploy()
                // Renamed by hand, and its name given to another.
                house.engine.change("web") { $0.name = "old" }
            }
            house.engine.make(String(repeating: "a", count: 64), named: "web")
            let before = Set(house.engine.all.map(\.id))
            let end = try await house.deploy()
            #expect(end.outcome?.failure?.code == .nameInUse)
            #expect(end.outcome?.failure?.left == [])
            #expect(Set(house.engine.all.map(\.id)) == before)
            #expect(house.engine.all.allSatisfy { $0.running })
        }
    }

    @Test func imageOfAnotherPlatformIsNotTakenForTheOneThatReplacedIt() async throws {
        try await withHouse { house in
            let right = house.engine.image
            // Both have the digest of the list that names them.
            house.engine.image = Image(
                id: "sha256:3",
                repoDigests: right.repoDigests,
                os: "linux",
                architecture: "arm64"
            )
            #expect(try await house.deploy().outcome?.failure?.code == .platformMismatch)
            house.engine.image = right
            let end = try await house.deploy()
            #expect(end.stage == .completed, "\(end.message)")
            #expect(end.outcome?.result.imageID == right.id)
        }
    }

    /// The plan says so: from the first new name on it cannot be cancelled, but a failure still undoes.
    @Test(arguments: [1, 2])
    func nameThatCannotBeGivenUndoesTheDeployment(_ number: Int) async throws {
        try await withHouse { house in
            try await house.deploy()
            let before = house.engine.all
            let moment = FakeEngine.Moment(operation: .rename, number: number)
            house.engine.arm(moment) { () throws(EngineFailure) in
                throw EngineFailure(code: .internal, message: "No.", hint: "Ask otherwise.")
            }
            let end = try await house.deploy()
            #expect(end.stage == .error)
            #expect(end.outcome?.failure?.stage == .healthCheck)
            #expect(end.outcome?.failure?.left == [])
            #expect(house.engine.all == before)
        }
    }

    /// Once the journal knows that the new container takes over, no failure undoes the deployment.
    @Test(arguments: [FakeEngine.Operation.stop, .remove])
    func failureAfterTheTakeoverUndoesNothing(_ operation: FakeEngine.Operation) async throws {
        try await withHouse { house in
            try await house.deploy()
            let old = try #require(house.engine.all.first?.id)
            house.engine.refuse(
                operation,
                EngineFailure(code: .internal, message: "No.", hint: "Ask otherwise.")
            )
            let end = try await house.deploy()
            #expect(end.stage == .completed)
            #expect(end.outcome?.result.replaced == old)
            #expect(house.engine.all.contains { $0.name == "web" && $0.id != old && $0.running })
        }
    }

    // MARK: Cancellations

    @Test(arguments: cancellable, [false, true])
    func cancellationLeavesWhatRanAndNothingElse(
        _ moment: FakeEngine.Moment,
        _ isReplacement: Bool
    ) async throws {
        guard Self.happens(moment, isReplacement) else { return }
        try await withHouse { house in
            if isReplacement { try await house.deploy() }
            let before = house.engine.all
            house.engine.arm(moment) { () throws(EngineFailure) in
                guard let id = house.newest else { return }
                let answer = await house.executor.cancel(id)
                house.cancellation.withLock { $0 = answer }
            }
            let end = try await house.deploy()
            #expect(house.cancellation.withLock { $0 } == .accepted)
            #expect(end.stage == .cancelled, "\(end.message)")
            #expect(end.outcome?.failure?.left == [])
            #expect(house.engine.all == before)
        }
    }

    @Test(arguments: uncancellable, [false, true])
    func cancellationIsTooLateOnceTheNewOneTakesOver(
        _ moment: FakeEngine.Moment,
        _ isReplacement: Bool
    ) async throws {
        guard Self.happens(moment, isReplacement) else { return }
        try await withHouse { house in
            if isReplacement { try await house.deploy() }
            house.engine.arm(moment) { () throws(EngineFailure) in
                guard let id = house.newest else { return }
                let answer = await house.executor.cancel(id)
                house.cancellation.withLock { $0 = answer }
            }
            #expect(try await house.deploy().stage == .completed)
            #expect(house.cancellation.withLock { $0 } == .tooLate)
            #expect(house.engine.all.map(\.name) == ["web"])
        }
    }

    // MARK: Ends of the server

    @Test(arguments: cancellable + uncancellable, [false, true])
    func serverThatComesAfterFinishesWhatWasBegun(
        _ moment: FakeEngine.Moment,
        _ isReplacement: Bool
    ) async throws {
        guard Self.happens(moment, isReplacement) else { return }
        try await withHouse { house in
            if isReplacement { try await house.deploy() }
            let closing = Mutex<Task<Void, Never>?>(nil)
            let (reached, reach) = AsyncStream.makeStream(of: Void.self)
            house.engine.arm(moment) { () throws(EngineFailure) in
                // Awaited below.
                closing.withLock { $0 = Task { await house.executor.close(drain: .zero) } }
                reach.finish()
                // The cut-over is not ended any more.
                guard Self.cancellable.contains(moment) else { return }
                // Ends when the task is cancelled.
                let (nothing, end) = AsyncStream.makeStream(of: Never.self)
                for await _ in nothing {}
                end.finish()
            }
            let id = try await house.submit()
            for await _ in reached {}
            await closing.withLock { $0 }?.value
            let next = Executor(
                options: house.options,
                engine: house.engine,
                journal: house.journal
            )
            _ = try await next.resume()
            let end = await house.end(of: id)
            await next.close(drain: .seconds(10))
            #expect(end.stage == .completed, "\(end.message)")
            let left = house.engine.all
            #expect(left.map(\.name) == ["web"])
            #expect(left.first?.running == true)
            #expect(house.engine.policy(of: left.first?.id ?? "") == "unless-stopped")
        }
    }

    /// Has a server hang at that moment of a deployment, as if it were stopped, and another one take over;
    /// the first goes on once the other is done.
    func takeOver(
        _ house: House,
        at moment: FakeEngine.Moment,
        meanwhile event: () -> Void = {},
        of change: (inout DeploymentRequest) -> Void = { _ in }
    ) async throws -> Event {
        let (reached, reach) = AsyncStream.makeStream(of: Never.self)
        let (released, release) = AsyncStream.makeStream(of: Never.self)
        house.engine.arm(moment) { () throws(EngineFailure) in
            reach.finish()
            // Not ended by a cancellation, which a stopped process does not hear of.
            await Task { for await _ in released {} }.value
        }
        let id = try await house.submit(change)
        for await _ in reached {}
        event()
        let next = Executor(options: house.options, engine: house.engine, journal: house.journal)
        house.next.withLock { $0 = next }
        #expect(try await next.resume() == 1)
        let end = await house.end(of: id)
        let (left, told) = (house.engine.all, house.events.count)
        release.finish()
        await house.executor.close(drain: .seconds(10))
        #expect(house.engine.all == left, "the first server changes nothing any more")
        #expect(house.events.count == told, "and tells nothing")
        await next.close(drain: .zero)
        return end
    }

    @Test(arguments: [FakeEngine.Operation.pull, .copy, .setRestartPolicy], [false, true])
    func formerDriverLeavesEverythingToTheOneThatTookOver(
        _ operation: FakeEngine.Operation,
        _ isReplacement: Bool
    ) async throws {
        try await withHouse { house in
            if isReplacement { try await house.deploy() }
            let end = try await takeOver(house, at: FakeEngine.Moment(operation: operation))
            #expect(end.stage == .completed, "\(end.message)")
            #expect(house.engine.all.map(\.name) == ["web"])
        }
    }

    @Test(arguments: [false, true])
    func undoThatWasBegunIsFinishedAndTellsItsReason(_ isReplacement: Bool) async throws {
        try await withHouse { house in
            if isReplacement { try await house.deploy() }
            let before = house.engine.all
            let failure = EngineFailure(code: .commandNotFound, message: "No.", hint: "Ask.")
            house.engine.refuse(.start, failure)
            let removal = FakeEngine.Moment(operation: .remove)
            let end = try await takeOver(house, at: removal) {
                // The start would succeed now, and is not tried again.
                house.engine.refuse(.start, nil)
            }
            #expect(end.stage == .error)
            #expect(end.outcome?.failure?.code == .commandNotFound)
            #expect(end.outcome?.failure?.stage == .startingContainer)
            #expect(end.outcome?.failure?.undone.map { $0.hasSuffix(" removed") } == [true])
            #expect(house.engine.all == before)
        }
    }

    @Test(arguments: [FakeEngine.Operation.setRestartPolicy, .rename], [false, true])
    func engineThatGoesAwayDuringTheCutOverIsWaitedFor(
        _ operation: FakeEngine.Operation,
        _ hasEndedContainers: Bool
    ) async throws {
        try await withHouse(patience: .seconds(600)) { house in
            try await house.deploy()
            let before = house.engine.all
            house.engine.arm(FakeEngine.Moment(operation: operation)) { () throws(EngineFailure) in
                for container in house.engine.all
                where hasEndedContainers && container.id != before.first?.id {
                    house.engine.change(container.name) {
                        ($0.status, $0.running) = (.exited, false)
                    }
                }
                throw EngineFailure(code: .dockerUnavailable, message: "Away.", hint: "Wait.")
            }
            let end = try await house.deploy()
            #expect(house.engine.all.map(\.name) == ["web"])
            guard hasEndedContainers else {
                #expect(end.stage == .completed, "\(end.message)")
                #expect(house.engine.all.first?.id != before.first?.id)
                return
            }
            #expect(end.outcome?.failure?.code == .containerExited)
            #expect(house.engine.all == before)
        }
    }

    @Test func whatTookThePlaceIsFinishedOnceTheEngineAnswersAgain() async throws {
        try await withHouse { house in
            try await house.deploy()
            let away = EngineFailure(code: .dockerUnavailable, message: "Away.", hint: "Wait.")
            let removal = FakeEngine.Moment(operation: .remove)
            let events = Mutex<Task<Void, Never>?>(nil)
            let end = try await takeOver(house, at: removal) {
                for operation in [FakeEngine.Operation.labelled, .container, .named] {
                    house.engine.refuse(operation, away)
                }
                let commits = house.journal.commits()
                let back = Task {
                    for await group in commits {
                        for case .progress(let event) in group.map(\.change)
                        where event.message.hasPrefix("Trying again") {
                            // Nobody can end it any more.
                            let answer = await house.next.withLock { $0 }?.cancel(
                                event.deploymentID
                            )
                            house.cancellation.withLock { $0 = answer }
                            for operation in [FakeEngine.Operation.labelled, .container, .named] {
                                house.engine.refuse(operation, nil)
                            }
                            return
                        }
                    }
                }
                events.withLock { $0 = back }
            }
            await events.withLock { $0 }?.value
            #expect(house.cancellation.withLock { $0 } == .tooLate)
            #expect(end.stage == .completed, "\(end.message)")
            #expect(house.engine.all.map(\.name) == ["web"])
        }
    }

    @Test func serverCanEndWhileWhatTookThePlaceWaitsForTheEngine() async throws {
        try await withHouse { house in
            try await house.deploy()
            let (reached, reach) = AsyncStream.makeStream(of: Never.self)
            let (released, release) = AsyncStream.makeStream(of: Never.self)
            house.engine.arm(FakeEngine.Moment(operation: .remove)) { () throws(EngineFailure) in
                reach.finish()
                await Task { for await _ in released {} }.value
            }
            let id = try await house.submit()
            for await _ in reached {}
            let away = EngineFailure(code: .dockerUnavailable, message: "Away.", hint: "Wait.")
            house.engine.refuse(.labelled, away)
            func next() -> Executor {
                Executor(options: house.options, engine: house.engine, journal: house.journal)
            }
            let commits = house.journal.commits()
            let waits = Task {
                for await group in commits {
                    for case .progress(let event) in group.map(\.change)
                    where event.message.hasPrefix("Trying again") { return }
                }
            }
            let second = next()
            #expect(try await second.resume() == 1)
            await waits.value
            await second.close(drain: .zero)
            house.engine.refuse(.labelled, nil)
            let third = next()
            #expect(try await third.resume() == 1)
            #expect(await house.end(of: id).stage == .completed)
            release.finish()
            await house.executor.close(drain: .seconds(10))
            await third.close(drain: .zero)
        }
    }

    @Test func imageThatWasBuiltGoesWithItsDeployment() async throws {
        try await withHouse { house in
            try Data("FROM scratch".utf8)
                .write(to: URL(fileURLWithPath: "\(house.folder)/app/Dockerfile"))
            func build(_ request: inout DeploymentRequest) {
                request.build = ImageBuild(arguments: ["A": "a-secret"])
                request.copy = .none
            }
            let id = try await house.submit(build)
            let end = await house.end(of: id)
            #expect(end.stage == .completed, "\(end.message)")
            let name = "slipway/app:\(id.text.prefix(8))"
            #expect(house.engine.builds.map(\.name) == [name])
            #expect(house.engine.builds.first?.build.arguments == ["A": "a-secret"])
            #expect(house.engine.copies.isEmpty)
            #expect(end.outcome?.result.image == name)
            // A container that cannot be made undoes it.
            house.engine.refuse(
                .create,
                EngineFailure(code: .settingsRefused, message: "No.", hint: "No.")
            )
            let failed = try await house.submit(build)
            let failure = await house.end(of: failed).outcome?.failure
            #expect(failure?.undone == ["image slipway/app:\(failed.text.prefix(8)) removed"])
            #expect(failure?.left == [])
        }
    }

    /// The container that had taken over is gone. All is done again, and can be ended again.
    @Test func containerThatIsGoneIsMadeAgain() async throws {
        try await withHouse { house in
            try await house.deploy()
            let old = try #require(house.engine.all.first?.id)
            let removal = FakeEngine.Moment(operation: .remove)
            let end = try await takeOver(house, at: removal) { house.engine.lose("web") }
            #expect(end.stage == .completed, "\(end.message)")
            #expect(house.engine.all.map(\.name) == ["web"])
            #expect(house.engine.all.first?.id != old)
        }
    }

    @Test func containerThatHasTakenThePlaceStaysWhateverItDoesThen() async throws {
        try await withHouse { house in
            try await house.deploy()
            let old = try #require(house.engine.all.first?.id)
            let removal = FakeEngine.Moment(operation: .remove)
            let end = try await takeOver(house, at: removal) {
                house.engine.change("web") { container in
                    container.status = .exited
                    container.running = false
                }
            }
            #expect(end.stage == .completed, "\(end.message)")
            #expect(house.engine.all.map(\.name) == ["web"])
            #expect(house.engine.all.first?.id != old)
        }
    }
}
