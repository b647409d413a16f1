import Deployments
import HTTP
import Journal

/// What one filter's watchers share: the channel they stream, and what they have been told.
final class FeedView {
    /// Between two progress events of a deployment: ten a second.
    static let progressInterval = Duration.milliseconds(100)

    let filter: FeedFilter
    let channel: EventChannel
    /// Nil until the journal has been read.
    private(set) var model: FeedModel?
    /// What was committed while it is read.
    private var held: [Commit] = []
    /// The newest snapshot, and the newest journal event in it.
    private(set) var snapshot: (id: Int64, page: EventPage)?
    /// When somebody asked for the view.
    var lastUsed: ContinuousClock.Instant
    /// The look at the journal that is under way; false where it fails.
    var reading: Task<Bool, Never>?

    private var toldAt: [DeploymentID: ContinuousClock.Instant] = [:]
    private var postponed: [DeploymentID: FeedEvent] = [:]

    init(_ filter: FeedFilter, channel: EventChannel, now: ContinuousClock.Instant) {
        self.filter = filter
        self.channel = channel
        lastUsed = now
    }

    /// Whether there is progress that waits for its time.
    var hasPostponed: Bool { !postponed.isEmpty }

    /// Tells the watchers of commits. False where the journal must be read again.
    func take(_ commits: [Commit], now: ContinuousClock.Instant) -> Bool {
        guard model != nil else {
            held += commits
            return true
        }
        var blocks: [EventBlock] = []
        defer { channel.publish(blocks) }
        for (index, commit) in commits.enumerated() {
            let id = commit.record.deployment.id
            switch model?.apply(commit) {
            case .events(let events):
                for event in events where isDue(event, of: id, now) {
                    blocks.append(block(event, commit.event.id, commit.record.number))
                }
            case .stale, nil:
                model = nil
                held = Array(commits[index...])
                return false
            }
        }
        return true
    }

    /// Tells of the progress whose time has come.
    func tellPostponed(now: ContinuousClock.Instant) {
        guard let model else { return }
        var blocks: [EventBlock] = []
        for (id, event) in postponed where isDue(event, of: id, now) {
            postponed[id] = nil
            // Others may have been told of since: the id is that of the newest the watchers know.
            blocks.append(block(event, model.lastEventID, 0))
        }
        channel.publish(blocks)
    }

    /// Takes what the journal holds now. Where watchers have been told too little, they are told
    /// it as a whole. False where the journal must be read again.
    func take(_ overview: Overview, now: ContinuousClock.Instant) -> Bool {
        let read = FeedModel(overview, of: filter.scope)
        let event = FeedEvent(
            .snapshot,
            environment: filter.scope.environment,
            time: .now(),
            payload: read.snapshot(overview)
        )
        let block = block(event, overview.lastEventID, 0)
        snapshot = (overview.lastEventID, EventPage([block]))
        guard model == nil else { return true }
        model = read
        postponed = [:]
        channel.publish([block])
        let commits = held
        held = []
        return take(commits, now: now)
    }

    /// Whether the event is to be sent now; progress may have to wait.
    private func isDue(
        _ event: FeedEvent,
        of id: DeploymentID,
        _ now: ContinuousClock.Instant
    ) -> Bool {
        guard filter.kinds.contains(event.kind) else { return false }
        switch event.kind {
        case .deploymentProgress:
            if let told = toldAt[id], told.duration(to: now) < Self.progressInterval {
                postponed[id] = event
                return false
            }
            toldAt[id] = now
            postponed[id] = nil
        case .deploymentUpsert, .deploymentDelete:
            // It tells all that the progress before it would have told.
            postponed[id] = nil
            toldAt[id] = nil
        case .snapshot, .appUpsert, .countsUpdate, .workloadUpdate, .heartbeat:
            break
        }
        return true
    }

    private func block(_ event: FeedEvent, _ id: Int64, _ deployment: Int64) -> EventBlock {
        EventBlock(
            id: id,
            data: event.envelope(id: id, tenant: filter.scope.tenant),
            key: event.kind == .deploymentProgress ? deployment : 0
        )
    }
}

extension FeedModel {
    /// The view as a whole.
    func snapshot(_ overview: Overview) -> String {
        """
        {"deployments":[\(overview.rows.map(\.text).joined(separator: ","))],\
        "unknown_ids":\(JSONValue.strings(overview.unknownIDs.map(\.text)).text),\
        "apps":[\(apps.joined(separator: ","))],"counts":\(counts.json.text)}
        """
    }
}
