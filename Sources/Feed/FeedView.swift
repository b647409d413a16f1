import Deployments
import HTTP
import Journal
import Metrics

/// The state that all watchers of one filter share: their channel, and what they have been sent.
final class FeedView {
    /// The shortest time between two progress events of a deployment: ten a second.
    static let progressInterval = Duration.milliseconds(100)

    let filter: FeedFilter
    let channel: EventChannel
    /// Nil until the journal has been read.
    private(set) var model: FeedModel?
    /// The commits that came while the journal was read.
    private var held: [Commit] = []
    /// Whether the watchers were sent something that no longer holds, so that the journal must be
    /// read again.
    private var isStale = false
    /// The deletion events of forgotten deployments. A watcher that has fallen behind gets them,
    /// too.
    private var deletions: [StreamedEvent] = []
    private static let mostDeletions = 256
    /// The newest snapshot with the id of the newest journal event in it and its size in bytes.
    private(set) var snapshot: (id: Int64, page: EventPage, size: Int)?
    /// The latest time at which somebody asked for the view.
    var lastUsed: ContinuousClock.Instant
    /// The reading of the journal that is under way; its value is false if it fails.
    var reading: Task<Bool, Never>?

    /// The newest journal event of which the watchers were informed.
    private var lastTold: Int64 = 0
    private var toldAt: [DeploymentID: ContinuousClock.Instant] = [:]
    private var postponed: [DeploymentID: (number: Int64, event: FeedEvent)] = [:]

    /// Counts the progress events that newer ones superseded before they were due.
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

    /// Whether progress events wait for their time.
    var hasPostponed: Bool { !postponed.isEmpty }

    /// Sends the watchers what the commits have changed. Returns false if the journal must be read
    /// again.
    func take(_ commits: [Commit], now: ContinuousClock.Instant) -> Bool {
        guard model != nil else {
            // If no reading is under way, a later one will include these commits itself.
            if reading != nil || isStale { held += commits }
            return true
        }
        var blocks: [StreamedEvent] = []
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

    /// Sends the progress events that are now due.
    func tellPostponed(now: ContinuousClock.Instant) {
        guard let model else { return }
        var blocks: [StreamedEvent] = []
        for (id, (number, event)) in postponed where isDue(event, of: id, number, now) {
            // Other events may have been sent since. The id is that of the newest event that the
            // watchers know.
            blocks.append(block(event, model.lastEventID, number))
        }
        channel.publish(blocks)
    }

    /// Takes over what the journal holds now. If the watchers lack something, they are sent a whole
    /// snapshot. Returns false if the journal must be read again.
    ///
    /// - Parameter rows: the overview's deployments as the elements of a JSON array.
    func take(
        _ overview: JournalSnapshot,
        rows: String,
        now: ContinuousClock.Instant
    ) -> Bool {
        // A reading that began before the latest commits would take back what was sent since.
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
        // The deletions and the snapshot go out in one call, because the last deletion may have the
        // snapshot's id.
        channel.publish(gone + [block])
        let commits = held
        held = []
        isStale = false
        return take(commits, now: now)
    }

    /// The newest snapshot, for a watcher that knows the events up to `after`, preceded by the
    /// deletions since then; nil if there is no snapshot.
    func page(after: Int64) -> EventPage? {
        guard let snapshot else { return nil }
        guard after > 0 else { return snapshot.page }
        return snapshot.page.following(
            deletions.filter { $0.id > after && $0.id <= snapshot.id }
        )
    }

    private func remember(_ blocks: [StreamedEvent]) {
        deletions = Array((deletions + blocks).suffix(Self.mostDeletions))
    }

    /// The deletion events that were committed while the journal was read and that the new snapshot
    /// already reflects.
    private func deletionsHeld(through last: Int64) -> [StreamedEvent] {
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
            // This event includes everything that the postponed progress would have said.
            if postponed.removeValue(forKey: id) != nil { merged.add() }
            toldAt[id] = nil
        case .snapshot, .appUpsert, .countsUpdate, .workloadUpdate, .heartbeat:
            break
        }
        return isWanted
    }

    private func block(_ event: FeedEvent, _ id: Int64, _ deployment: Int64) -> StreamedEvent {
        StreamedEvent(
            id: id,
            data: event.envelope(id: id, tenant: filter.scope.accessScope.tenant),
            key: event.kind == .deploymentProgress ? deployment : 0
        )
    }
}

extension FeedModel {
    /// The content of a snapshot.
    func snapshot(_ overview: JournalSnapshot, _ rows: String) -> String {
        """
        {"deployments":[\(rows)],\
        "unknown_ids":\(JSONValue.strings(overview.unknownIDs.map(\.text)).text),\
        "apps":[\(apps.joined(separator: ","))],"counts":\(counts.json.text)}
        """
    }
}
