import Deployments
import Foundation
import Journal
import Metrics
import SQLiteStore
import Synchronization
import Testing

@testable import Feed
@testable import HTTP

/// The feed's model over a real journal.
@Suite struct FeedModelTests {
    @Test(arguments: 1...6)
    func watchersEndWithWhatTheHistoryTells(_ seed: UInt64) async throws {
        try await withWorld { world in
            var random = SeededGenerator(seed: seed)
            var scopes = [DeploymentFilter(tenant: "default"), DeploymentFilter(tenant: "other")]
            scopes.append(DeploymentFilter(tenant: "default"))
            scopes[2].app = "app1"
            scopes[2].environment = "live"
            var watchers: [Watcher] = []
            for scope in scopes {
                watchers.append(try await Watcher(world.journal, scope))
            }
            for turn in 1...150 {
                try await world.step(using: &random)
                if turn % 40 == 0, let scope = scopes.randomElement(using: &random) {
                    watchers.append(try await Watcher(world.journal, scope))
                }
                if turn == 75 {
                    var scope = DeploymentFilter(tenant: "default")
                    scope.ids = Set(world.ids.shuffled(using: &random).prefix(5))
                    watchers.append(try await Watcher(world.journal, scope))
                }
                for index in watchers.indices {
                    try await watchers[index].take(world.commits, world.journal)
                }
                world.commits = []
                guard turn % 10 == 0 else { continue }
                for watcher in watchers {
                    let recount = try await world.recount(watcher.scope)
                    #expect(watcher.counts == recount, "turn \(turn)")
                    let fresh = try await Watcher(world.journal, watcher.scope)
                    #expect(watcher.apps == fresh.apps, "turn \(turn)")
                    #expect(watcher.counts == fresh.counts, "turn \(turn)")
                    #expect(watcher.difference(from: fresh) == [], "turn \(turn)")
                }
            }
        }
    }

    @Test func stageChangeIsTheRowAndWhatIsBetweenIsProgress() async throws {
        try await withWorld { world in
            let deployment = world.deployment(app: "shop", tenant: "default")
            var model = FeedModel(
                try await world.journal.overview(of: DeploymentFilter(tenant: "default"), limit: 9),
                of: DeploymentFilter(tenant: "default")
            )
            func kinds(
                _ stage: Stage,
                _ progress: Int,
                first: Bool = false
            ) async throws -> [String] {
                let event = world.event(deployment, stage, progress)
                if first {
                    _ = try await world.journal.create(deployment, first: event, key: nil)
                } else {
                    _ = try await world.journal.append(event, durability: .grouped)
                }
                defer { world.commits = [] }
                let commit = try #require(world.commits.first)
                guard case .events(let events) = model.apply(commit) else { return ["stale"] }
                return events.map(\.kind.rawValue)
            }
            let upsert = "deployment.upsert"
            #expect(
                try await kinds(.queued, 0, first: true) == [upsert, "app.upsert", "counts.update"]
            )
            #expect(try await kinds(.validating, 5) == [upsert, "app.upsert", "counts.update"])
            #expect(try await kinds(.pullingImage, 10) == [upsert])
            #expect(try await kinds(.pullingImage, 12) == ["deployment.progress"])
            #expect(
                try await kinds(.completed, 100)
                    == ["workload.update", upsert, "app.upsert", "counts.update"]
            )
            #expect(model.counts.appsLive == 1 && model.counts.workloadsRunning == 1)
        }
    }

    @Test func lookThatBeganTooEarlyIsNotTaken() async throws {
        try await withWorld { world in
            let scope = DeploymentFilter(tenant: "default")
            let channel = EventChannel(startingAfter: 0) { _, _ in EventPage([]) }
            let view = FeedView(FeedFilter(scope: scope), channel: channel, now: .now)
            #expect(
                view.take(
                    try await world.journal.overview(of: scope, limit: 9),
                    rows: "",
                    now: .now
                )
            )
            let deployment = world.deployment(app: "shop", tenant: "default")
            let first = world.event(deployment, .error, 100)
            let begun = world.event(deployment, .validating, 5)
            _ = try await world.journal.create(deployment, first: begun, key: nil)
            let early = try await world.journal.overview(of: scope, limit: 9)
            _ = try await world.journal.append(first, durability: .grouped)
            #expect(view.take(world.commits, now: .now))
            world.commits = []
            _ = try await world.journal.delete(deployment.id, at: Timestamp(microseconds: 1))
            #expect(!view.take(world.commits, now: .now), "the app's newest is gone")
            #expect(!view.take(early, rows: "", now: .now))
            #expect(
                view.take(
                    try await world.journal.overview(of: scope, limit: 9),
                    rows: "",
                    now: .now
                )
            )
        }
    }

    @Test func whatIsForgottenIsToldAlsoWhereASnapshotFollows() async throws {
        try await withWorld { world in
            let scope = DeploymentFilter(tenant: "default")
            let channel = EventChannel(startingAfter: 0) { _, _ in EventPage([]) }
            let view = FeedView(FeedFilter(scope: scope), channel: channel, now: .now)
            var subjects: [NewDeployment] = []
            for _ in 0..<3 {
                let deployment = world.deployment(app: "shop", tenant: "default")
                let begun = world.event(deployment, .validating, 5)
                let ended = world.event(deployment, .error, 100)
                _ = try await world.journal.create(deployment, first: begun, key: nil)
                _ = try await world.journal.append(ended, durability: .grouped)
                subjects.append(deployment)
            }
            let known = try await world.journal.lastEventID()
            #expect(
                view.take(
                    try await world.journal.overview(of: scope, limit: 9),
                    rows: "",
                    now: .now
                )
            )
            world.commits = []
            // An older one; the newest, for which the journal is read again; one more meanwhile.
            for (index, isTaken) in [(0, true), (2, false), (1, true)] {
                let moment = Timestamp(microseconds: 1)
                _ = try await world.journal.delete(subjects[index].id, at: moment)
                #expect(view.take(world.commits, now: .now) == isTaken)
                world.commits = []
            }
            #expect(
                view.take(
                    try await world.journal.overview(of: scope, limit: 9),
                    rows: "",
                    now: .now
                )
            )
            // Whoever has fallen behind is told of all three before the snapshot.
            #expect(view.page(after: known)?.count == 4)
            #expect(view.page(after: known + 1)?.count == 3)
            #expect(view.page(after: -1)?.count == 1)
        }
    }

    @Test func progressComesTenTimesASecondAndTheNewestOfItAfterThat() async throws {
        try await withWorld { world in
            let scope = DeploymentFilter(tenant: "default")
            let channel = EventChannel(startingAfter: 0) { _, _ in EventPage([]) }
            let merged = Counter()
            let filter = FeedFilter(scope: scope)
            let view = FeedView(filter, channel: channel, now: .now, merged: merged)
            #expect(
                view.take(
                    try await world.journal.overview(of: scope, limit: 9),
                    rows: "",
                    now: .now
                )
            )
            let deployment = world.deployment(app: "shop", tenant: "default")
            let begun = world.event(deployment, .pullingImage, 10)
            _ = try await world.journal.create(deployment, first: begun, key: nil)
            let start = ContinuousClock.now
            for (progress, moment) in [(11, 0), (12, 50), (13, 99)] {
                let event = world.event(deployment, .pullingImage, progress)
                _ = try await world.journal.append(event, durability: .grouped)
                #expect(view.take(world.commits, now: start + .milliseconds(moment)))
                world.commits = []
                #expect(view.hasPostponed == (progress > 11))
            }
            view.tellPostponed(now: start + .milliseconds(99))
            #expect(view.hasPostponed)
            view.tellPostponed(now: start + .milliseconds(100))
            #expect(!view.hasPostponed)
            #expect(merged.value == 1, "the second was never told")
            let ended = world.event(deployment, .error, 100)
            let late = world.event(deployment, .pullingImage, 14)
            _ = try await world.journal.append(late, durability: .grouped)
            _ = try await world.journal.append(ended, durability: .grouped)
            #expect(view.take(world.commits, now: start + .milliseconds(150)))
            #expect(!view.hasPostponed, "the end tells all that it would have told")
            #expect(merged.value == 2)
        }
    }

    @Test func envelopeNamesWhatItIsOf() throws {
        let time = Timestamp(microseconds: 1)
        let event = FeedEvent(.deploymentDelete, environment: "a\"b", time: time, payload: "{}")
        #expect(
            event.envelope(id: 7, tenant: "t")
                == #"{"event_id":7,"type":"deployment.delete","tenant_id":"t","env_id":"a\"b","#
                + #""ts":"1970-01-01T00:00:00.000001Z","payload":{}}"#
        )
        let heartbeat = FeedEvent(.heartbeat, environment: nil, time: time, payload: "{}")
        #expect(heartbeat.envelope(id: nil, tenant: "t").hasPrefix(#"{"event_id":null,"type":"#))
    }
}

/// One who has read an overview and hears what is committed since.
private struct Watcher {
    let scope: DeploymentFilter
    var model: FeedModel
    var rows: [String: JSONValue] = [:]
    var apps: [String: JSONValue] = [:]
    var counts: JSONValue = .null

    init(_ journal: any Journal, _ scope: DeploymentFilter) async throws {
        self.scope = scope
        let overview = try await journal.overview(of: scope, limit: 1000)
        model = FeedModel(overview, of: scope)
        try reset(overview)
    }

    private mutating func reset(_ overview: JournalSnapshot) throws {
        let texts = overview.deployments.map(\.row.text).joined(separator: ",")
        let snapshot = try JSONValue(parsing: Array(model.snapshot(overview, texts).utf8))
        rows = Self.byName(snapshot["deployments"], ["id"])
        apps = Self.byName(snapshot["apps"], ["app", "environment"])
        counts = snapshot["counts"] ?? .null
    }

    private static func byName(_ list: JSONValue?, _ names: [String]) -> [String: JSONValue] {
        Dictionary(
            (list?.elements ?? []).map { value in
                (names.map { value[$0]?.string ?? "" }.joined(separator: " "), value)
            },
            uniquingKeysWith: { first, _ in first }
        )
    }

    mutating func take(_ commits: [Commit], _ journal: any Journal) async throws {
        for commit in commits {
            switch model.apply(commit) {
            case .stale:
                let overview = try await journal.overview(of: scope, limit: 1000)
                model = FeedModel(overview, of: scope)
                try reset(overview)
            case .events(let events):
                for event in events { try take(event) }
            }
        }
    }

    private mutating func take(_ event: FeedEvent) throws {
        let payload = try JSONValue(parsing: Array(event.payload.utf8))
        let id = payload["id"]?.string ?? ""
        switch event.kind {
        case .deploymentUpsert: rows[id] = payload
        case .deploymentDelete: rows[id] = nil
        case .appUpsert:
            let name = [payload["app"]?.string ?? "", payload["environment"]?.string ?? ""]
            apps[name.joined(separator: " ")] = payload
        case .countsUpdate: counts = payload
        case .deploymentProgress:
            // As far as a row can tell: its time and its newest event's id come with the next row.
            rows[id] = rows[id]?.replacing(["progress", "message"], from: payload)
        case .workloadUpdate, .snapshot, .heartbeat: break
        }
    }

    /// The ids of the rows that tell something else.
    func difference(from other: Watcher) -> [String] {
        let passing = ["updated_at", "last_event_id"]
        func plain(_ row: JSONValue?) -> JSONValue? {
            guard row?["finished_at"]?.isNull == true else { return row }
            return row?.replacing(passing, from: .null)
        }
        return Set(rows.keys).union(other.rows.keys)
            .filter { plain(rows[$0]) != plain(other.rows[$0]) }.sorted()
    }
}

extension JSONValue {
    /// The object with the members of these names as they are in another; null where it has none.
    fileprivate func replacing(_ names: [String], from other: JSONValue) -> JSONValue {
        .object(
            (members ?? []).map { member in
                names.contains(member.name)
                    ? JSONMember(member.name, other[member.name] ?? .null) : member
            }
        )
    }
}

/// A deployment, and what may happen to it next.
private struct Subject {
    let deployment: NewDeployment
    var stage = Stage.queued
    var workload: WorkloadState?
}

/// A journal to which things happen.
private final class World: @unchecked Sendable {
    let journal: any Journal
    private let inbox = Mutex<[Commit]>([])
    private var deployments: [Subject] = []
    private var moment: Int64 = 1_000_000

    init(_ journal: any Journal) {
        self.journal = journal
        let commits = journal.commits()
        // Ends when the journal is closed.
        Task { [weak self] in
            for await group in commits { self?.inbox.withLock { $0 += group } }
        }
    }

    var commits: [Commit] {
        get { inbox.withLock { $0 } }
        set { inbox.withLock { $0 = newValue } }
    }

    var ids: [DeploymentID] { deployments.map(\.deployment.id) }

    func deployment(app: String, environment: String = "default", tenant: String) -> NewDeployment {
        var request = DeploymentRequest(
            app: app,
            folder: "/srv/\(app)",
            containerName: "fractalic-\(app)",
            image: "localhost:5000/\(app):1"
        )
        request.environment = environment
        return NewDeployment(
            id: DeploymentID(),
            tenant: tenant,
            request: request,
            createdAt: Timestamp(microseconds: moment)
        )
    }

    func event(_ deployment: NewDeployment, _ stage: Stage, _ progress: Int) -> Event {
        moment += 1000
        var outcome: Event.Outcome?
        if stage.isFinal {
            var result = DeploymentResult(
                success: stage == .completed,
                message: "Ended",
                containerName: deployment.containerName,
                image: deployment.image
            )
            result.imageDigest = stage == .completed ? "sha256:\(moment)" : nil
            let failure = Failure(
                code: .internal,
                stage: .pullingImage,
                message: "It broke",
                hint: "Mend it",
                outputTail: ["one", "two"]
            )
            outcome = Event.Outcome(result: result, failure: stage == .completed ? nil : failure)
        }
        return Event(
            deploymentID: deployment.id,
            timestamp: Timestamp(microseconds: moment),
            message: "At \(progress)",
            stage: stage,
            progress: progress,
            outcome: outcome
        )
    }

    /// One thing happens.
    func step(using random: inout SeededGenerator) async throws {
        let choice = deployments.indices.randomElement(using: &random)
        guard let index = choice, Int.random(in: 0..<6, using: &random) > 0 else {
            let new = deployment(
                app: "app\(Int.random(in: 0..<3, using: &random))",
                environment: Bool.random(using: &random) ? "live" : "test",
                tenant: Int.random(in: 0..<8, using: &random) == 0 ? "other" : "default"
            )
            _ = try await journal.create(new, first: event(new, .queued, 0), key: nil)
            deployments.append(Subject(deployment: new))
            return
        }
        let deployment = deployments[index].deployment
        if !deployments[index].stage.isFinal {
            let next: [Stage] = [.pullingImage, .pullingImage, .completed, .error, .cancelled]
            let chosen = next.randomElement(using: &random) ?? .error
            let progress = chosen.isFinal ? 100 : 20
            _ = try await journal.append(event(deployment, chosen, progress), durability: .grouped)
            deployments[index].stage = chosen
            if chosen == .completed { deployments[index].workload = .running }
        } else if let workload = deployments[index].workload, workload != .removed {
            let state = WorkloadState.allCases.randomElement(using: &random) ?? .stopped
            moment += 1000
            _ = try await journal.append(
                WorkloadEvent(
                    deploymentID: deployment.id,
                    timestamp: Timestamp(microseconds: moment),
                    message: "It is \(state.rawValue)",
                    state: state,
                    health: ["frontend": state == .running]
                )
            )
            deployments[index].workload = state
        } else {
            _ = try await journal.delete(deployment.id, at: Timestamp(microseconds: moment))
            deployments.remove(at: index)
        }
    }

    /// The counts, from the history alone.
    func recount(_ scope: DeploymentFilter) async throws -> JSONValue {
        let page = try await journal.history(HistoryQuery(scope.accessScope, limit: 1000))
        let records = page.deployments.map(\.json)
            .filter { record in
                (scope.app == nil || scope.app == record["app"]?.string)
                    && (scope.environment == nil
                        || scope.environment == record["environment"]?.string)
                    && (scope.ids.map { ids in
                        ids.contains { $0.text == record["id"]?.string }
                    } ?? true)
            }
        // Newest first: the first of an app in an environment is its latest.
        var latest: [String: String] = [:]
        for record in records {
            let key = "\(record["app"]?.string ?? "") \(record["environment"]?.string ?? "")"
            if latest[key] == nil { latest[key] = record["status"]?.string }
        }
        func count(_ status: String) -> JSONValue {
            .integer(records.count { $0["status"]?.string == status })
        }
        func workloads(_ state: String) -> JSONValue {
            .integer(records.count { $0["workload"]?["state"]?.string == state })
        }
        return [
            "running_deployments": count("in_progress"),
            "queued": count("queued"),
            "apps_live": .integer(latest.values.count { $0 == "success" }),
            "apps_failing": .integer(latest.values.count { $0 == "failed" }),
            "workloads_running": workloads("running"),
            "workloads_unhealthy": workloads("unhealthy"),
        ]
    }
}

private func withWorld(_ body: (World) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.path + "/slipway-test-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let journal = try await SQLiteJournal.open(directory: folder)
    try await body(World(journal))
    await journal.close()
}

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
