import Deployments
import HTTP
import Journal
import Metrics

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
    /// Whether the watchers have been told what holds no longer, and the journal is to be read again.
    private var isStale = false
    /// What was last told of deployments that are forgotten: who has fallen behind is told it too.
    private var deletions: [EventBlock] = []
    private static let mostDeletions = 256
    /// The newest snapshot, the newest journal event in it, and how many bytes it has.
    private(set) var snapshot: (id: Int64, page: EventPage, size: Int)?
    /// When somebody asked for the view.
    var lastUsed: ContinuousClock.Instant
    /// The look at the journal that is under way; false if it fails.
    var reading: Task<Bool, Never>?

    /// The newest journal event that the watchers have been told of.
    private var lastTold: Int64 = 0
    private var toldAt: [DeploymentID: ContinuousClock.Instant] = [:]
    private var postponed: [DeploymentID: (number: Int64, event: FeedEvent)] = [:]

    /// Counts the progress that newer events have made worthless before its turn.
    private let merged: Counter

    init(
        _ filter: FeedFilter,
        channel: EventChannel,
        now: ContinuousClock.Instant,
        merged: Counter = Counter()
    ) {
        self.merged = merged
        self.filter = filter
        self.channel = channel
        lastUsed = now
    }

    /// Whether there is progress that waits for its time.
    var hasPostponed: Bool { !postponed.isEmpty }

    /// Tells the watchers of commits. False if the journal must be read again.
    func take(_ commits: [Commit], now: ContinuousClock.Instant) -> Bool {
        guard model != nil else {
            // A look that begins later sees them itself.
            if reading != nil || isStale { held += commits }
            return true
        }
        var blocks: [EventBlock] = []
        defer { channel.publish(blocks) }
        for (index, commit) in commits.enumerated() {
            let id = commit.record.deployment.id
            switch model?.apply(commit) {
            case .events(let events):
                lastTold = commit.event.id
                let number = commit.record.number
                for event in events where isDue(event, of: id, number, now) {
                    blocks.append(block(event, commit.event.id, number))
                    if event.kind == .deploymentDelete, let last = blocks.last { remember([last]) }
                }
            case .stale, nil:
                model = nil
                isStale = true
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
        for (id, (number, event)) in postponed where isDue(event, of: id, number, now) {
            // Others may have been told of since: the id is that of the newest the watchers know.
            blocks.append(block(event, model.lastEventID, number))
        }
        channel.publish(blocks)
    }

    /// Takes what the journal holds now. Where watchers have been told too little, they are told
    /// it as a whole. False if the journal must be read again.
    ///
    /// - Parameter rows: the overview's deployments as the elements of a JSON array.
    func take(
        _ overview: JournalSnapshot,
        rows: String,
        now: ContinuousClock.Instant
    ) -> Bool {
        // A look that began before the last commits would take back what has been told.
        guard model != nil || overview.lastEventID >= lastTold else { return false }
        let read = FeedModel(overview, of: filter.scope)
        let event = FeedEvent(
            .snapshot,
            environment: filter.scope.environment,
            time: .now(),
            payload: read.snapshot(overview, rows)
        )
        let block = block(event, overview.lastEventID, 0)
        snapshot = (overview.lastEventID, EventPage([block]), block.data.utf8.count)
        guard model == nil else { return true }
        model = read
        lastTold = overview.lastEventID
        postponed = [:]
        let gone = deletionsHeld(through: overview.lastEventID)
        remember(gone)
        // In one call with the snapshot, whose id may be that of the last of them.
        channel.publish(gone + [block])
        let commits = held
        held = []
        isStale = false
        return take(commits, now: now)
    }

    /// The newest snapshot for a watcher that knows of events up to `after`, with what has been
    /// forgotten since then before it; nil if there is none.
    func page(after: Int64) -> EventPage? {
        guard let snapshot else { return nil }
        guard after > 0 else { return snapshot.page }
        return snapshot.page.following(
            deletions.filter { $0.id > after && $0.id <= snapshot.id }
        )
    }

    private func remember(_ blocks: [EventBlock]) {
        deletions = Array((deletions + blocks).suffix(Self.mostDeletions))
    }

    /// That deployments are forgotten, as far as it was committed while the journal was read, and a
    /// snapshot of that event knows of it.
    private func deletionsHeld(through last: Int64) -> [EventBlock] {
        guard isStale, filter.kinds.contains(.deploymentDelete) else { return [] }
        return held.compactMap { commit in
            guard case .deleted = commit.change, commit.event.id <= last,
                filter.scope.contains(commit.record.deployment)
            else { return nil }
            return block(FeedModel.deletion(commit), commit.event.id, commit.record.number)
        }
    }

    /// Whether the event is to be sent now; progress may have to wait.
    private func isDue(
        _ event: FeedEvent,
        of id: DeploymentID,
        _ number: Int64,
        _ now: ContinuousClock.Instant
    ) -> Bool {
        let isWanted = filter.kinds.contains(event.kind)
        switch event.kind {
        case .deploymentProgress:
            guard isWanted else { return false }
            if let told = toldAt[id], told.duration(to: now) < Self.progressInterval {
                let older = postponed.updateValue((number, event), forKey: id)
                if let older, older.event != event { merged.add() }
                return false
            }
            toldAt[id] = now
            let older = postponed.removeValue(forKey: id)
            if let older, older.event != event { merged.add() }
        case .deploymentUpsert, .deploymentDelete:
            // It tells all that the progress before it would have told.
            if postponed.removeValue(forKey: id) != nil { merged.add() }
            toldAt[id] = nil
        case .snapshot, .appUpsert, .countsUpdate, .workloadUpdate, .heartbeat:
            break
        }
        return isWanted
    }

    private func block(_ event: FeedEvent, _ id: Int64, _ deployment: Int64) -> EventBlock {
        EventBlock(
            id: id,
            data: event.envelope(id: id, tenant: filter.scope.accessScope.tenant),
            key: event.kind == .deploymentProgress ? deployment : 0
        )
    }
}

extension FeedModel {
    /// The view as a whole.
    func snapshot(_ overview: JournalSnapshot, _ rows: String) -> String {
        """
        {"deployments":[\(rows)],\
        "unknown_ids":\(JSONValue.strings(overview.unknownIDs.map(\.text)).text),\
        "apps":[\(apps.joined(separator: ","))],"counts":\(counts.json.text)}
        """
    }
}
