internal import Deployments
internal import Journal

/// What is to be sent to one receiver, and when: each deployment's events in order, one at a time;
/// those of several deployments beside each other.
///
/// A pure value. It holds ids alone, those of so many deployments at most; what comes after them
/// waits in the journal.
///
/// A deployment whose event fails waits by itself, and the others go on. Only where as many
/// deployments as are sent at once have failed, and nothing was taken since, is it the receiver that
/// fails: it is then asked by one attempt at a time, less and less often. Whatever it takes next ends
/// every pause but that of an event that failed again although others were taken.
struct DeliveryQueue: Sendable {
    /// The moments that pauses are counted in, which no change of the clock moves.
    typealias Instant = ContinuousClock.Instant

    struct Limits: Sendable {
        /// Deployments with events that are not settled, but for those whose event is refused. Stage
        /// changes are twelve at most for each.
        var lanes = 256
        /// Those whose event is refused among them: they must not keep the others out.
        var lanesInAll = 1024
        /// Attempts at once.
        var together = 4
        /// Those of refused events among them, which may take long to fail again.
        var refusedTogether = 2
        /// For how long an event is tried again before it is given up, and how often at least: the
        /// clock may be set.
        var lifetime = Duration.seconds(3 * 24 * 3600)
        var fewestAttempts = 10
        /// Between two attempts of an event that fails while others are taken.
        var longestRefusal = Duration.seconds(300)
        /// Between two attempts of an event while nothing is taken.
        var longestPause = Duration.seconds(30)
        /// Between two attempts of whatever event while the receiver fails.
        var longestSilence = Duration.seconds(10)
        /// Before the journal is asked again.
        var journalPause = Duration.seconds(5)
        var backoff = Backoff()
    }

    /// What has changed by an attempt's end.
    enum Verdict: Sendable, Equatable {
        /// It is delivered, after this many failures in a row, of whatever events.
        case delivered(after: Int)
        /// It is tried again; whether it is the first failure in a row.
        case postponed(isFirst: Bool)
        /// It was tried for long enough.
        case givenUp
        /// Nothing is sent any more.
        case closed
        /// It cannot be sent.
        case dropped
        /// Nothing has changed.
        case none
    }

    private struct Partition: Sendable {
        /// What is not settled, in order; never empty.
        var events: [Int64]
        var isSending = false
        /// When it may be sent.
        var due: Instant
        /// Failures in a row of the first event.
        var failures = 0
        /// Those of them that came although others were taken since the one before.
        var refusals = 0
        /// How many events had been taken at the latest failure.
        var takenBefore = 0
        /// Before when it is not sent, whatever is taken.
        var earliest: Instant
        var failingSince: Timestamp?
        /// Whether other deployments' events may be settled before its own.
        var isDelayed = false

        init(events: [Int64], due: Instant) {
            self.events = events
            self.due = due
            earliest = due
        }

        /// Whether it is known to be its own event that fails, and not the receiver.
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
    /// Whether the receiver wants nothing more.
    private(set) var isClosed = false
    private let limits: Limits
    private var lanes: [DeploymentID: Partition] = [:]
    private var position: Int64
    /// Failures in a row, of whatever events.
    private var streak = 0
    /// How many events have been taken.
    private var taken = 0
    /// Those of the failures in a row that were the receiver's.
    private var receiverFailures = 0
    private var pausedUntil: Instant?
    /// Until when the receiver has asked to be left alone.
    private var silentUntil: Instant?

    /// A queue that begins after an event.
    init(position: Int64, limits: Limits = Limits()) {
        self.limits = limits
        self.position = position
        scanned = position
    }

    /// Whether the journal should be read on.
    var hasRoom: Bool {
        !isClosed && lanes.count < limits.lanesInAll
            && lanes.values.count { !$0.isRefused } < limits.lanes
    }

    /// How many events are to be sent.
    var count: Int { lanes.values.reduce(0) { $0 + $1.events.count } }

    /// Takes in the events of a delayed deployment, as they were when the place was kept.
    mutating func restore(_ id: DeploymentID, _ events: [Int64], since: Timestamp?, now: Instant) {
        guard !events.isEmpty else { return }
        var lane = Partition(events: events, due: now)
        lane.failingSince = since
        lane.isDelayed = true
        lanes[id] = lane
    }

    /// Takes in the next part of the journal.
    mutating func take(_ part: StageChanges, now: Instant) {
        for change in part.changes where change.id > scanned {
            lanes[change.deploymentID, default: Partition(events: [], due: now)].events.append(
                change.id
            )
        }
        scanned = max(scanned, part.through)
    }

    /// What is to be sent now. Each of them must be settled.
    mutating func next(_ now: Instant) -> [StageChange] {
        guard !isClosed, (resumption ?? now) <= now else { return [] }
        var found: [StageChange] = []
        var free = freeAttempts
        while free > 0, let (id, lane) = nextLane(), lane.due <= now {
            lanes[id]?.isSending = true
            found.append(StageChange(id: lane.events[0], deploymentID: id))
            free -= 1
        }
        return found
    }

    /// When there will be something to send; nil if that depends on something else than time.
    var nextMoment: Instant? {
        guard !isClosed, freeAttempts > 0, let (_, lane) = nextLane() else { return nil }
        return max(lane.due, resumption ?? lane.due)
    }

    /// Before when nothing is sent.
    private var resumption: Instant? {
        [pausedUntil, silentUntil].compactMap(\.self).max()
    }

    /// How many attempts may begin.
    private var freeAttempts: Int {
        let most = receiverFailures > 0 ? 1 : limits.together
        return most - lanes.values.count { $0.isSending }
    }

    /// The deployment that has waited the longest since its event was due.
    private func nextLane() -> (DeploymentID, Partition)? {
        var found: (id: DeploymentID, lane: Partition)?
        let refused = lanes.values.count { $0.isSending && $0.isRefused }
        let hasRefusedRoom = refused < limits.refusedTogether
        for (id, lane) in lanes where !lane.isSending && (hasRefusedRoom || !lane.isRefused) {
            if let found, (found.lane.due, found.lane.events[0]) < (lane.due, lane.events[0]) {
                continue
            }
            found = (id, lane)
        }
        return found
    }

    /// Takes in what came of an attempt.
    mutating func settle(
        _ change: StageChange,
        _ outcome: AttemptOutcome,
        now: Instant,
        at moment: Timestamp
    ) -> Verdict {
        let id = change.deploymentID
        guard var lane = lanes[id], lane.isSending, lane.events.first == change.id else {
            return .none
        }
        lane.isSending = false
        defer { lanes[id] = lane.events.isEmpty ? nil : lane }
        switch outcome {
        case .delivered:
            lane.settleFirst(now)
            lane.failingSince = nil
            let failures = streak
            taken += 1
            if streak > 0 { release(now) }
            return .delivered(after: failures)
        case .forgotten:
            lane.settleFirst(now)
            return .dropped
        case .failed(let failure):
            return fail(&lane, failure, now, moment)
        case .unwanted:
            isClosed = true
            return .closed
        case .unread:
            lane.due = now + limits.journalPause
            return .none
        case .interrupted:
            return .none
        }
    }

    private mutating func fail(
        _ lane: inout Partition,
        _ failure: AttemptOutcome.Failure,
        _ now: Instant,
        _ moment: Timestamp
    ) -> Verdict {
        streak += 1
        if lane.failures > 0, lane.takenBefore != taken { lane.refusals += 1 }
        lane.failures += 1
        lane.takenBefore = taken
        lane.isDelayed = true
        let since = lane.failingSince ?? moment
        lane.failingSince = since
        let backoff = limits.backoff
        lane.earliest =
            lane.isRefused
            ? now + backoff.pause(after: lane.refusals, longest: limits.longestRefusal) : now
        let pause = backoff.pause(after: lane.failures, longest: limits.longestPause)
        lane.due = max(now + pause, lane.earliest)
        if let wish = failure.retryAfter { silentUntil = max(now + wish, silentUntil ?? now) }
        if !lane.isRefused, fails(beside: lane) {
            receiverFailures += 1
            let pause = backoff.pause(after: receiverFailures, longest: limits.longestSilence)
            pausedUntil = max(now + pause, pausedUntil ?? now)
        }
        let isOver = since.advanced(by: limits.lifetime) <= moment
        guard isOver, lane.failures >= limits.fewestAttempts else {
            return .postponed(isFirst: streak == 1)
        }
        // Those that wait behind it have waited for as long: each is tried once.
        lane.events.removeFirst()
        return .givenUp
    }

    /// Whether it is the receiver that fails, and not that one event.
    private func fails(beside lane: Partition) -> Bool {
        let others = lanes.values.count { other in
            other.events[0] != lane.events[0] && other.failures > 0 && !other.isRefused
                && other.takenBefore == taken
        }
        return others + 1 >= limits.together
    }

    /// The receiver takes events: nothing waits any longer but for its own failures.
    private mutating func release(_ now: Instant) {
        streak = 0
        receiverFailures = 0
        pausedUntil = nil
        for (id, lane) in lanes where lane.failures > 0 && !lane.isSending {
            lanes[id]?.due = min(lane.due, max(lane.earliest, now))
        }
    }

    /// What is to be kept, so that after a restart nothing is missed.
    var place: DeliveryCursor {
        mutating get {
            let first = lanes.values.filter { !$0.isDelayed }.compactMap(\.events.first).min()
            position = max(position, first.map { $0 - 1 } ?? scanned)
            let delays = lanes.filter(\.value.isDelayed).mapValues { lane in
                DeliveryCursor.Delay(settled: lane.events[0] - 1, since: lane.failingSince)
            }
            return DeliveryCursor(position: position, delays: delays)
        }
    }
}
