import Deployments
import Journal

/// The apps and counts as a scope's watchers know them, kept up to date with the commits.
///
/// It begins with an overview. Every later commit is folded into the events that bring a watcher of
/// that overview up to date.
struct FeedModel {
    private typealias DeploymentSummary = JournalSnapshot.DeploymentSummary

    /// The numbers of deployments and apps by state.
    struct Counts: Equatable {
        var runningDeployments = 0
        var queued = 0
        var appsLive = 0
        var appsFailing = 0
        var workloadsRunning = 0
        var workloadsUnhealthy = 0
    }

    /// The result of a commit.
    enum Outcome {
        /// The events to send; there may be none.
        case events([FeedEvent])
        /// The newest deployment of an app was forgotten. The journal must be asked which one is
        /// the newest now.
        case stale
    }

    let scope: DeploymentFilter
    private(set) var lastEventID: Int64
    private(set) var counts = Counts()
    private var latest: [AppKey: DeploymentSummary] = [:]
    /// The deployments that have not ended or have a live container.
    private var active: [DeploymentID: DeploymentSummary] = [:]
    /// The numbers of the deployments with a live container.
    private var living: [AppKey: Set<Int64>] = [:]
    private var ids: [Int64: DeploymentID] = [:]

    init(_ overview: JournalSnapshot, of scope: DeploymentFilter) {
        self.scope = scope
        lastEventID = overview.lastEventID
        for standing in overview.latest {
            latest[standing.key] = standing
            count(standing, 1)
        }
        for standing in overview.active { enter(standing) }
    }

    /// Applies a commit to the scope. A commit that the model already includes has no effect.
    mutating func apply(_ commit: Commit) -> Outcome {
        guard commit.event.id > lastEventID else { return .events([]) }
        lastEventID = commit.event.id
        guard scope.contains(commit.record.deployment) else { return .events([]) }
        let standing = DeploymentSummary(commit.record)
        let before = active[standing.id]
        if case .progress(let event) = commit.change, let before, before.stage == standing.stage {
            return .events([Self.progress(event, standing)])
        }
        let (countsBefore, app) = (counts, appPayload(standing.key))
        var events: [FeedEvent] = []
        func tell(_ kind: FeedEvent.Kind, _ payload: String) {
            let time = commit.record.state.updatedAt
            events.append(
                FeedEvent(kind, environment: standing.key.environment, time: time, payload: payload)
            )
        }
        leave(standing.id)
        if case .deleted = commit.change {
            if latest[standing.key]?.number == standing.number { return .stale }
            events.append(Self.deletion(commit))
        } else {
            replaceLatest(standing)
            enter(standing)
            if let workload = commit.record.state.workload {
                tell(.workloadUpdate, Self.workload(workload, of: standing.id))
            }
            tell(.deploymentUpsert, commit.record.row.text)
        }
        let appNow = appPayload(standing.key)
        if let appNow, appNow != app { tell(.appUpsert, appNow) }
        if counts != countsBefore {
            events.append(
                FeedEvent(
                    .countsUpdate,
                    environment: scope.environment,
                    time: commit.record.state.updatedAt,
                    payload: counts.json.text
                )
            )
        }
        return .events(events)
    }

    // MARK: Updates

    private mutating func replaceLatest(_ standing: DeploymentSummary) {
        let before = latest[standing.key]
        guard standing.number >= before?.number ?? 0 else { return }
        if let before { count(before, -1) }
        latest[standing.key] = standing
        count(standing, 1)
    }

    private mutating func enter(_ standing: DeploymentSummary) {
        let lives = standing.workload?.isLive == true
        guard lives || !standing.status.isFinal else { return }
        active[standing.id] = standing
        count(active: standing, 1)
        guard lives else { return }
        living[standing.key, default: []].insert(standing.number)
        ids[standing.number] = standing.id
    }

    private mutating func leave(_ id: DeploymentID) {
        guard let standing = active.removeValue(forKey: id) else { return }
        count(active: standing, -1)
        guard ids.removeValue(forKey: standing.number) != nil else { return }
        living[standing.key]?.remove(standing.number)
        if living[standing.key]?.isEmpty == true { living[standing.key] = nil }
    }

    private mutating func count(_ latest: DeploymentSummary, _ change: Int) {
        switch latest.status {
        case .success: counts.appsLive += change
        case .failed: counts.appsFailing += change
        case .queued, .inProgress, .cancelled, .superseded: break
        }
    }

    private mutating func count(active: DeploymentSummary, _ change: Int) {
        switch active.status {
        case .queued: counts.queued += change
        case .inProgress: counts.runningDeployments += change
        case .success, .failed, .cancelled, .superseded: break
        }
        switch active.workload {
        case .running: counts.workloadsRunning += change
        case .unhealthy: counts.workloadsUnhealthy += change
        case .restarting, .stopping, .stopped, .removed, nil: break
        }
    }

    // MARK: Payloads

    /// The apps, in the order of their names.
    var apps: [String] {
        latest.keys.sorted { ($0.app, $0.environment) < ($1.app, $1.environment) }
            .compactMap(appPayload)
    }

    private func appPayload(_ key: AppKey) -> String? {
        guard let latest = latest[key] else { return nil }
        let live = living[key]?.max().flatMap { ids[$0] }
        let json: JSONValue = [
            "app": .string(key.app),
            "environment": .string(key.environment),
            "latest_deployment_id": .string(latest.id.text),
            "status": .string(latest.status.rawValue),
            "time": .string(latest.time.text),
            "image_digest": .optional(latest.imageDigest),
            "live_deployment_id": .optional(live?.text),
        ]
        return json.text
    }

    private static func workload(_ workload: Workload, of id: DeploymentID) -> String {
        let json: JSONValue = [
            "deployment_id": .string(id.text),
            "state": .string(workload.state.rawValue),
            "previous_state": .optional(workload.previous?.rawValue),
            "health": .object(
                workload.health.sorted { $0.key < $1.key }
                    .map { JSONMember($0.key, .bool($0.value)) }
            ),
        ]
        return json.text
    }

    /// The event that says that the commit's deployment was forgotten.
    static func deletion(_ commit: Commit) -> FeedEvent {
        let json: JSONValue = ["id": .string(commit.record.deployment.id.text)]
        return FeedEvent(
            .deploymentDelete,
            environment: commit.record.deployment.environment,
            time: commit.record.state.updatedAt,
            payload: json.text
        )
    }

    private static func progress(_ event: Event, _ standing: DeploymentSummary) -> FeedEvent {
        var members = [
            JSONMember("id", .string(standing.id.text)),
            JSONMember("stage", .string(event.stage.rawValue)),
            JSONMember("progress", .integer(event.progress)),
            JSONMember("message", .string(event.message)),
        ]
        if let detail = event.detail { members.append(JSONMember("detail", detail)) }
        return FeedEvent(
            .deploymentProgress,
            environment: standing.key.environment,
            time: event.timestamp,
            payload: JSONValue.object(members).text
        )
    }
}

extension FeedModel.Counts {
    /// The counts as they are sent.
    var json: JSONValue {
        [
            "running_deployments": .integer(runningDeployments),
            "queued": .integer(queued),
            "apps_live": .integer(appsLive),
            "apps_failing": .integer(appsFailing),
            "workloads_running": .integer(workloadsRunning),
            "workloads_unhealthy": .integer(workloadsUnhealthy),
        ]
    }
}
