internal import Deployments
internal import Journal

/// Decides which events are sent to one receiver, and when: the events of each deployment one at a
/// time and in order, those of different deployments side by side.
///
/// This is a value without I/O. It holds only ids, of at most `limits.partitionsInAll` deployments;
/// later events wait in the journal.
///
/// A deployment whose event fails waits by itself, and the others go on. If as many deployments as
/// may be sent at once have failed and nothing has been delivered since, the receiver itself counts
/// as failing: one attempt at a time is made, with growing pauses. The next delivery ends all
/// pauses, except those of events that failed again while other events were delivered.
struct DeliveryQueue: Sendable {
    /// The monotonic clock that pauses are measured with; changes of the wall clock do not affect
    /// it.
    typealias Instant = ContinuousClock.Instant

    struct Limits: Sendable {
        /// The greatest number of deployments with unsettled events, not counting those with a
        /// refused event. Each has at most twelve stage changes.
        var partitions = 256
        /// The greatest number of deployments including those with a refused event, which must not
        /// keep the others out.
        var partitionsInAll = 1024
        /// The greatest number of attempts at once.
        var together = 4
        /// The greatest number of attempts of refused events at once, because these may take long
        /// to fail again.
        var refusedTogether = 2
        /// The time for which an event is tried again before it is given up. The least number of
        /// attempts protects against changes of the clock.
        var lifetime = Duration.seconds(3 * 24 * 3600)
        var fewestAttempts = 10
        /// The longest pause between two attempts of an event that fails while others are
        /// delivered.
        var longestRefusal = Duration.seconds(300)
        /// The longest pause between two attempts of an event while nothing is delivered.
        var longestPause = Duration.seconds(30)
        /// The longest pause between any two attempts while the receiver fails.
        var longestSilence = Duration.seconds(10)
        /// The pause before the journal is read again after an error.
        var journalPause = Duration.seconds(5)
        var backoff = Backoff()
    }

    /// The effect of an attempt's outcome.
    enum Verdict: Sendable, Equatable {
        /// The event was delivered, after this number of consecutive failures of any events.
        case delivered(after: Int)
        /// The event is tried again. `isFirst` says that this is the first of consecutive failures.
        case postponed(isFirst: Bool)
        /// The event has been tried for long enough.
        case givenUp
        /// No more events are sent.
        case closed
        /// The event cannot be sent any more.
        case dropped
        /// Nothing has changed.
        case none
    }

    private struct Partition: Sendable {
        /// The unsettled events in order; there is at least one.
        var events: [Int64]
        var isSending = false
        /// The earliest time of the next attempt.
        var due: Instant
        /// The number of consecutive failures of the first event.
        var failures = 0
        /// The number of these failures that came although other events had been delivered since
        /// the failure before.
        var refusals = 0
        /// The number of delivered events at the latest failure.
        var takenBefore = 0
        /// The time before which it is not sent, whatever else is delivered.
        var earliest: Instant
        var failingSince: Timestamp?
        /// Whether events of other deployments may be settled before its own.
        var isDelayed = false

        init(events: [Int64], due: Instant) {
            self.events = events
            self.due = due
            earliest = due
        }

        /// Whether the event itself is known to be the cause of the failures, not the receiver.
        var isRefused: Bool { refusals > 0 }

        mutating func settleFirst(_ now: Instant) {
            events.removeFirst()
            failures = 0
            refusals = 0
            due = now
            earliest = now
        }
    }

    /// The id up to which the journal has been read.
    private(set) var scanned: Int64
    /// Whether the receiver wants no more events.
    private(set) var isClosed = false
    private let limits: Limits
    private var partitions: [DeploymentID: Partition] = [:]
    private var position: Int64
    /// The number of consecutive failures of any events.
    private var streak = 0
    /// The number of delivered events.
    private var taken = 0
    /// The number of consecutive failures that were caused by the receiver.
    private var receiverFailures = 0
    private var pausedUntil: Instant?
    /// The time until which the receiver has asked to be left alone.
    private var silentUntil: Instant?

    /// Creates a queue that begins after the event `position`.
    init(position: Int64, limits: Limits = Limits()) {
        self.limits = limits
        self.position = position
        scanned = position
    }

    /// Whether more of the journal should be read.
    var hasRoom: Bool {
        !isClosed && partitions.count < limits.partitionsInAll
            && partitions.values.count { !$0.isRefused } < limits.partitions
    }

    /// The number of unsettled events.
    var count: Int { partitions.values.reduce(0) { $0 + $1.events.count } }

    /// Adds the events of a delayed deployment, as they were when the cursor was stored.
    mutating func restore(_ id: DeploymentID, _ events: [Int64], since: Timestamp?, now: Instant) {
        guard !events.isEmpty else { return }
        var partition = Partition(events: events, due: now)
        partition.failingSince = since
        partition.isDelayed = true
        partitions[id] = partition
    }

    /// Adds the next part of the journal.
    mutating func take(_ part: StageChanges, now: Instant) {
        for change in part.changes where change.id > scanned {
            partitions[change.deploymentID, default: Partition(events: [], due: now)].events.append(
                change.id
            )
        }
        scanned = max(scanned, part.through)
    }

    /// Takes the events that are to be sent now. Each of them must be settled later.
    mutating func next(_ now: Instant) -> [StageChange] {
        guard !isClosed, (resumption ?? now) <= now else { return [] }
        var found: [StageChange] = []
        var free = freeAttempts
        while free > 0, let (id, partition) = nextPartition(), partition.due <= now {
            partitions[id]?.isSending = true
            found.append(StageChange(id: partition.events[0], deploymentID: id))
            free -= 1
        }
        return found
    }

    /// The time at which there will be something to send; nil if that depends on more than time.
    var nextMoment: Instant? {
        guard !isClosed, freeAttempts > 0, let (_, partition) = nextPartition() else { return nil }
        return max(partition.due, resumption ?? partition.due)
    }

    /// The time before which nothing is sent.
    private var resumption: Instant? {
        [pausedUntil, silentUntil].compactMap(\.self).max()
    }

    /// The number of attempts that may begin.
    private var freeAttempts: Int {
        let most = receiverFailures > 0 ? 1 : limits.together
        return most - partitions.values.count { $0.isSending }
    }

    /// The deployment whose event has been due for the longest time.
    private func nextPartition() -> (DeploymentID, Partition)? {
        var found: (id: DeploymentID, partition: Partition)?
        let refused = partitions.values.count { $0.isSending && $0.isRefused }
        let hasRefusedRoom = refused < limits.refusedTogether
        for (id, partition) in partitions
        where !partition.isSending && (hasRefusedRoom || !partition.isRefused) {
            let order = (partition.due, partition.events[0])
            if let found, (found.partition.due, found.partition.events[0]) < order { continue }
            found = (id, partition)
        }
        return found
    }

    /// Handles the outcome of an attempt.
    mutating func settle(
        _ change: StageChange,
        _ outcome: AttemptOutcome,
        now: Instant,
        at moment: Timestamp
    ) -> Verdict {
        let id = change.deploymentID
        guard var partition = partitions[id], partition.isSending,
            partition.events.first == change.id
        else {
            return .none
        }
        partition.isSending = false
        defer { partitions[id] = partition.events.isEmpty ? nil : partition }
        switch outcome {
        case .delivered:
            partition.settleFirst(now)
            partition.failingSince = nil
            let failures = streak
            taken += 1
            if streak > 0 { release(now) }
            return .delivered(after: failures)
        case .forgotten:
            partition.settleFirst(now)
            return .dropped
        case .failed(let failure):
            return fail(&partition, failure, now, moment)
        case .unwanted:
            isClosed = true
            return .closed
        case .unread:
            partition.due = now + limits.journalPause
            return .none
        case .interrupted:
            return .none
        }
    }

    private mutating func fail(
        _ partition: inout Partition,
        _ failure: AttemptOutcome.Failure,
        _ now: Instant,
        _ moment: Timestamp
    ) -> Verdict {
        streak += 1
        if partition.failures > 0, partition.takenBefore != taken { partition.refusals += 1 }
        partition.failures += 1
        partition.takenBefore = taken
        partition.isDelayed = true
        let since = partition.failingSince ?? moment
        partition.failingSince = since
        let backoff = limits.backoff
        partition.earliest =
            partition.isRefused
            ? now + backoff.pause(after: partition.refusals, longest: limits.longestRefusal) : now
        let pause = backoff.pause(after: partition.failures, longest: limits.longestPause)
        partition.due = max(now + pause, partition.earliest)
        if let wish = failure.retryAfter { silentUntil = max(now + wish, silentUntil ?? now) }
        if !partition.isRefused, fails(beside: partition) {
            receiverFailures += 1
            let pause = backoff.pause(after: receiverFailures, longest: limits.longestSilence)
            pausedUntil = max(now + pause, pausedUntil ?? now)
        }
        let isOver = since.advanced(by: limits.lifetime) <= moment
        guard isOver, partition.failures >= limits.fewestAttempts else {
            return .postponed(isFirst: streak == 1)
        }
        // The events after it have waited as long. Each of them is tried once.
        partition.events.removeFirst()
        return .givenUp
    }

    /// Whether the receiver itself fails, and not only this event.
    private func fails(beside partition: Partition) -> Bool {
        let others = partitions.values.count { other in
            other.events[0] != partition.events[0] && other.failures > 0 && !other.isRefused
                && other.takenBefore == taken
        }
        return others + 1 >= limits.together
    }

    /// Ends the pauses after a delivery; only events with failures of their own still wait.
    private mutating func release(_ now: Instant) {
        streak = 0
        receiverFailures = 0
        pausedUntil = nil
        for (id, partition) in partitions where partition.failures > 0 && !partition.isSending {
            partitions[id]?.due = min(partition.due, max(partition.earliest, now))
        }
    }

    /// The cursor to store, so that nothing is missed after a restart.
    var place: DeliveryCursor {
        mutating get {
            let first = partitions.values.filter { !$0.isDelayed }.compactMap(\.events.first).min()
            position = max(position, first.map { $0 - 1 } ?? scanned)
            let lags = partitions.filter(\.value.isDelayed).mapValues { partition in
                DeliveryCursor.Lag(settled: partition.events[0] - 1, since: partition.failingSince)
            }
            return DeliveryCursor(position: position, lags: lags)
        }
    }
}
