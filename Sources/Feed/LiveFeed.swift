import Deployments
public import HTTP
public import Journal
import Metrics

/// The feed. It has a view for each filter that is watched, and passes every commit to the views.
public actor LiveFeed {
    /// The greatest number of deployments in a snapshot.
    static let snapshotLimit = 100
    /// The time that a view is kept up to date without watchers.
    private static let lifetime = Duration.seconds(60)
    /// The greatest number of filters that are watched at once, because every commit is checked
    /// against each.
    private static let viewLimit = 1024
    /// The number of bytes that a watcher may be behind before it is sent a snapshot instead.
    private static let retainedBytes = 1_048_576

    private let journal: any EventLog & DeploymentIndex
    private let clock = ContinuousClock()
    private var views: [FeedFilter: FeedView] = [:]
    private var isTelling = false
    private var tally = FeedStatistics()
    private let merged = Counter()
    /// The id of the newest event that the feed has received.
    private var newest: Int64 = 0
    private let commits: CommitSequence

    /// Creates a feed of what the journal commits from now on. `run` must be running.
    public init(journal: any EventLog & DeploymentIndex) {
        self.journal = journal
        commits = journal.commits()
    }

    /// Passes commits to the watchers until the task is cancelled.
    public func run() async {
        for await commits in commits { take(commits) }
    }

    /// Subscribes to the events that a filter selects, beginning with a snapshot. Returns nil if
    /// too many filters are watched already.
    public func subscribe(to filter: FeedFilter) -> EventSubscription? {
        dropUnused(for: Self.lifetime)
        if views[filter] == nil, views.count >= Self.viewLimit {
            // A client that was about to join one of these views connects again.
            dropUnused(for: .seconds(1))
            guard views.count < Self.viewLimit else {
                tally.refused += 1
                return nil
            }
        }
        let view =
            views[filter]
            ?? FeedView(filter, channel: channel(filter), now: clock.now, merged: merged)
        view.lastUsed = clock.now
        views[filter] = view
        return EventSubscription(channel: view.channel, after: -1)
    }

    /// The statistics of the feed so far.
    public var statistics: FeedStatistics {
        var statistics = tally
        statistics.merged = merged.value
        statistics.views = views.count
        return statistics
    }

    private func channel(_ filter: FeedFilter) -> EventChannel {
        let tenant = filter.scope.accessScope.tenant
        return EventChannel(
            startingAfter: 0,
            retainedBytes: Self.retainedBytes,
            heartbeat: {
                FeedEvent(.heartbeat, environment: nil, time: .now(), payload: "{}")
                    .envelope(id: nil, tenant: tenant)
            },
            replay: { [weak self] after, _ in await self?.snapshot(filter, after: after) }
        )
    }

    private func take(_ commits: [Commit]) {
        newest = commits.last?.event.id ?? newest
        dropUnused(for: Self.lifetime)
        for view in views.values where !view.take(commits, now: clock.now) {
            // The task ends by itself.
            Task { await read(view) }
        }
        tellLater()
    }

    /// A snapshot that includes everything that was committed before the call; nil if the journal
    /// cannot be read.
    private func snapshot(_ filter: FeedFilter, after: Int64) async -> EventPage? {
        let wanted = newest
        while let view = views[filter] {
            if let snapshot = view.snapshot, snapshot.id >= wanted, view.model != nil {
                tally.given += 1
                return view.page(after: after)
            }
            guard await read(view) else { return nil }
        }
        return nil
    }

    /// Updates the view from the journal. Callers at the same time share one reading. Returns false
    /// if the journal cannot be read.
    @discardableResult
    private func read(_ view: FeedView) async -> Bool {
        if let reading = view.reading { return await reading.value }
        let reading = Task { await self.readNow(view) }
        view.reading = reading
        return await reading.value
    }

    private func readNow(_ view: FeedView) async -> Bool {
        let scope = view.filter.scope
        while true {
            let begun = clock.now
            do throws(JournalError) {
                let overview = try await journal.overview(of: scope, limit: Self.snapshotLimit)
                let rows = await Self.rows(of: overview)
                guard view.take(overview, rows: rows, now: clock.now) else { continue }
                tally.times.observe(clock.now - begun)
                tally.sizes.observe(Double(view.snapshot?.size ?? 0))
                view.reading = nil
                return true
            } catch {
                // The streams end. A client that connects again gets a new view.
                view.reading = nil
                views[view.filter] = nil
                view.channel.finish()
                return false
            }
        }
    }

    /// The deployments as JSON. This does not run on the feed's actor, because the journal waits
    /// for that.
    @concurrent
    private static func rows(of overview: JournalSnapshot) async -> String {
        overview.deployments.map(\.row.text).joined(separator: ",")
    }

    /// Schedules the sending of postponed progress events.
    private func tellLater() {
        guard !isTelling, views.values.contains(where: \.hasPostponed) else { return }
        isTelling = true
        // The task ends by itself.
        Task {
            try? await clock.sleep(for: FeedView.progressInterval)
            isTelling = false
            for view in views.values { view.tellPostponed(now: clock.now) }
            tellLater()
        }
    }

    /// Removes the views that have no watchers and that nobody has asked for within the time.
    private func dropUnused(for time: Duration) {
        let oldest = clock.now - time
        for (filter, view) in views where view.channel.watcherCount == 0 && view.lastUsed < oldest {
            views[filter] = nil
        }
    }
}
