internal import Client
internal import Deployments
internal import Journal
internal import Synchronization
internal import Threads

/// Sends to one webhook: it reads stage changes from the journal, sends them, and stores its
/// position in the journal.
actor WebhookSender {
    typealias Post = @Sendable (PostRequest) async -> Result<PostRequest.Answer, ClientError>

    /// Everything that the sender needs besides the journal.
    struct Dependencies: Sendable {
        let url: WebURL
        let secrets: [WebhookSecret]
        let post: Post
        /// Writes a line to the server's log.
        let note: @Sendable (String) -> Void
        var limits = DeliveryQueue.Limits()
        /// The time that attempts under way are given at the end.
        var grace = Duration.seconds(3)
        var now: @Sendable () -> Timestamp = { .now() }
    }

    private struct Shared: Sendable {
        var counts: WebhookCounts
        /// Whether the journal may hold events that have not been read.
        var hasNews = true
        var scanned: Int64 = 0
    }

    private let key: String
    private let journal: any EventLog & DeliveryCursors
    private let dependencies: Dependencies
    private nonisolated let shared: Mutex<Shared>
    private nonisolated let signals: AsyncStream<Void>
    private nonisolated let signal: AsyncStream<Void>.Continuation

    private var queue: DeliveryQueue
    /// The cursor that is stored in the journal; nil if there is none yet.
    private var kept: DeliveryCursor?
    private var attempts: [StageChange: Task<Void, Never>] = [:]
    private var timer: (moment: ContinuousClock.Instant, task: Task<Void, Never>)?
    /// The time at which the journal is to be read again.
    private var nextRead: ContinuousClock.Instant?
    private var isStopping = false
    private var isJournalNoted = false
    private var isFailureNoted = false
    private var nextNote = ContinuousClock.now

    /// The number of events that are read at once.
    private static let pageSize = 500
    /// The shortest time between two log lines about failures.
    private static let noteInterval = Duration.seconds(60)

    /// Creates a sender that continues at the stored cursor, or at the present end of the journal
    /// if there is none. Nothing is sent until `run`.
    init(
        key: String,
        place: DeliveryCursor?,
        journal: any EventLog & DeliveryCursors,
        dependencies: Dependencies
    ) async throws(JournalError) {
        let end = try await journal.lastEventID()
        let position = place?.position ?? end
        var queue = DeliveryQueue(position: position, limits: dependencies.limits)
        for (id, lag) in place?.lags ?? [:] {
            let events = try await journal.stageChanges(
                of: id,
                after: lag.settled,
                through: position
            )
            queue.restore(id, events, since: lag.since, now: .now)
        }
        self.key = key
        self.journal = journal
        self.dependencies = dependencies
        self.queue = queue
        kept = place
        var shared = Shared(counts: WebhookCounts(receiver: dependencies.url.origin))
        shared.scanned = position
        self.shared = Mutex(shared)
        // Several wake-ups before it reads need only one reading.
        (signals, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        signal.yield()
    }

    /// The counts so far.
    nonisolated var counts: WebhookCounts { shared.withLock { $0.counts } }

    /// Makes the sender read the journal. This returns at once and may be called from any thread.
    nonisolated func wake() {
        shared.withLock { $0.hasNews = true }
        signal.yield()
    }

    /// Logs that a forgotten deployment may have had unsent events. This returns at once and may be
    /// called from any thread.
    nonisolated func forget(_ record: DeploymentRecord) {
        let isUnread = shared.withLock { shared in
            shared.hasNews && shared.scanned < record.state.lastEventID
        }
        guard isUnread else { return }
        note("deployment \(record.deployment.id) was forgotten before all of its events were sent")
    }

    /// Sends until `stop`. Attempts that are under way are then given a moment to end.
    func run() async {
        for await _ in signals {
            if isStopping { break }
            await turn()
        }
        timer?.task.cancel()
        let grace = dependencies.grace
        // The task is cancelled below.
        let hurry = Task {
            try? await Task.pause(for: grace)  // If cancelled, all attempts have ended.
            if !Task.isCancelled { for attempt in attempts.values { attempt.cancel() } }
        }
        while let attempt = attempts.values.first { await attempt.value }
        hurry.cancel()
        await keep()
    }

    /// Makes `run` return.
    func stop() {
        isStopping = true
        signal.yield()
    }

    private func turn() async {
        await read()
        if !isStopping {
            for change in queue.next(.now) { begin(change) }
        }
        await keep()
        setTimer()
    }

    // MARK: The journal

    private func read() async {
        guard (nextRead ?? .now) <= .now else { return }
        nextRead = nil
        while queue.hasRoom, takeNews() {
            do throws(JournalError) {
                let part = try await journal.stageChanges(
                    after: queue.scanned,
                    limit: Self.pageSize
                )
                guard part.through > queue.scanned else { continue }
                queue.take(part, now: .now)
                let count = queue.count
                shared.withLock { shared in
                    shared.hasNews = true
                    shared.scanned = part.through
                    shared.counts.pending = count
                }
            } catch {
                shared.withLock { $0.hasNews = true }
                nextRead = .now + dependencies.limits.journalPause
                noteJournal(error)
                return
            }
        }
    }

    private nonisolated func takeNews() -> Bool {
        shared.withLock { shared in
            defer { shared.hasNews = false }
            return shared.hasNews
        }
    }

    /// Stores the position in the journal.
    func keep() async {
        let place = queue.place
        guard place != kept else { return }
        do throws(JournalError) {
            try await journal.keep(place, after: kept, of: key)
            kept = place
            isJournalNoted = false
        } catch {
            // The events that were sent since are sent again after a restart, with the same ids.
            noteJournal(error)
        }
    }

    private func noteJournal(_ error: JournalError) {
        if !isJournalNoted { note("\(error)") }
        isJournalNoted = true
    }

    // MARK: Attempts

    private func begin(_ change: StageChange) {
        // The task is awaited by `run` and removes itself.
        attempts[change] = Task {
            let outcome = await attempt(change)
            settle(change, Task.isCancelled && outcome != .delivered ? .interrupted : outcome)
        }
    }

    @concurrent
    private nonisolated func attempt(_ change: StageChange) async -> AttemptOutcome {
        let event: StoredEvent?
        do throws(JournalError) {
            event = try await journal.event(change.id)
        } catch {
            return .unread
        }
        guard let message = event.flatMap(WebhookMessage.init) else { return .forgotten }
        let now = dependencies.now()
        let time = now.microseconds / 1_000_000
        let signatures = dependencies.secrets.map {
            $0.signature(id: message.id, time: time, body: message.body)
        }
        let request = PostRequest(
            url: dependencies.url,
            fields: [
                ("webhook-id", message.id), ("webhook-timestamp", String(time)),
                ("webhook-signature", signatures.joined(separator: " ")),
            ],
            body: message.body
        )
        switch await dependencies.post(request) {
        case .success(let answer): return AttemptOutcome(answer, at: dependencies.now())
        case .failure(let error): return AttemptOutcome(error)
        }
    }

    private func settle(_ change: StageChange, _ outcome: AttemptOutcome) {
        attempts[change] = nil
        let verdict = queue.settle(change, outcome, now: .now, at: dependencies.now())
        let count = queue.count
        shared.withLock { shared in
            shared.counts.pending = count
            if case .failed = outcome { shared.counts.failedAttempts += 1 }
            switch verdict {
            case .delivered: shared.counts.delivered += 1
            case .givenUp: shared.counts.givenUp += 1
            case .dropped: shared.counts.forgotten += 1
            case .postponed, .closed, .none: break
            }
        }
        tell(change, outcome, verdict)
        signal.yield()
    }

    private func tell(
        _ change: StageChange,
        _ outcome: AttemptOutcome,
        _ verdict: DeliveryQueue.Verdict
    ) {
        let event = "event \(change.id) of deployment \(change.deploymentID)"
        var reason = ""
        if case .failed(let failure) = outcome { reason = failure.reason }
        switch verdict {
        case .delivered(let failures):
            guard failures > 0, isFailureNoted else { return }
            isFailureNoted = false
            note("events are accepted again after \(failures) failed attempts")
        case .postponed(let isFirst):
            guard isFirst, nextNote <= .now else { return }
            nextNote = .now + Self.noteInterval
            isFailureNoted = true
            note("\(event) was not accepted and will be sent again: \(reason)")
        case .givenUp: note("\(event) has been given up: \(reason)")
        case .dropped: note("\(event) is not sent because the deployment was forgotten")
        case .closed:
            note(
                """
                the receiver wants no more events (status 410). Nothing is sent to it until the \
                server is started again; sending then goes on from here
                """
            )
        case .none: break
        }
    }

    private nonisolated func note(_ text: String) {
        dependencies.note("webhook \(dependencies.url.origin): \(text)")
    }

    // MARK: Time

    private func setTimer() {
        let moment = [queue.nextMoment, nextRead].compactMap(\.self).min()
        guard moment != timer?.moment else { return }
        timer?.task.cancel()
        timer = moment.map { moment in
            // The task is cancelled by the next one, or at the end.
            let task = Task {
                try? await Task.pause(until: moment)  // A cancelled timer sends no signal.
                if !Task.isCancelled { ring() }
            }
            return (moment, task)
        }
    }

    /// Called when the time is over, or nearly so. If there is still nothing to do, another timer
    /// is set.
    private func ring() {
        timer = nil
        signal.yield()
    }
}
