internal import Deployments
internal import Journal

/// What is to be sent to one receiver, and when: each deployment's events in order, one at a time;
/// those of several deployments beside each other.
///
/// A pure value. It holds ids alone, those of so many deployments at most; what comes after them
/// waits in the journal. A deployment whose event is refused waits by itself, and the others go on.
/// A receiver that does not answer is asked by one attempt at a time, less and less often.
struct DeliveryQueue: Sendable {
    /// The moments that pauses are counted in, which no change of the clock moves.
    typealias Instant = ContinuousClock.Instant

    struct Limits: Sendable {
        /// Deployments with events that are not settled. Stage changes are twelve at most for each.
        var lanes = 256
        /// Attempts at once.
        var together = 4
        /// For how long an event is tried again before it is given up, and how often at least: the
        /// clock may be set.
        var lifetime = Duration.seconds(3 * 24 * 3600)
        var fewestAttempts = 10
        /// Between two attempts of a deployment's events.
        var longestPause = Duration.seconds(300)
        /// Between two attempts while the receiver does not answer.
        var longestSilence = Duration.seconds(60)
        /// Between two attempts while the receiver answers and takes nothing.
        var longestRefusal = Duration.seconds(10)
        /// Before the journal is asked again.
        var journalPause = Duration.seconds(5)
        var backoff = Backoff()
    }

    /// What has changed by an attempt's end.
    enum Verdict: Sendable, Equatable {
        /// It is delivered; after so many failures in a row, of whatever events.
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

    private struct Lane: Sendable {
        /// What is not settled, in order; never empty.
        var events: [Int64]
        var isSending = false
        /// When it may be sent.
        var due: Instant
        /// Failures in a row of the first event.
        var failures = 0
        var failingSince: Timestamp?
        /// Whether the latest failure was the receiver's.
        var isWaitingForReceiver = false
        /// Whether its pause was ended because the receiver was back. Once for an event, so that one
        /// that breaks the receiver is not sent again after every other.
        var wasReleased = false
        /// Whether other deployments' events may be settled before its own.
        var isDelayed = false

        mutating func settleFirst(_ now: Instant) {
            events.removeFirst()
            failures = 0
            isWaitingForReceiver = false
            wasReleased = false
            due = now
        }
    }

    /// The id up to which the journal has been read.
    private(set) var scanned: Int64
    /// Whether the receiver wants nothing more.
    private(set) var isClosed = false
    private let limits: Limits
    private var lanes: [DeploymentID: Lane] = [:]
    private var position: Int64
    /// Failures in a row, of whatever events.
    private var streak = 0
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
    var hasRoom: Bool { !isClosed && lanes.count < limits.lanes }

    /// How many events are to be sent.
    var count: Int { lanes.values.reduce(0) { $0 + $1.events.count } }

    /// Takes in the events of a delayed deployment, as they were when the place was kept.
    mutating func restore(_ id: DeploymentID, _ events: [Int64], since: Timestamp?, now: Instant) {
        guard !events.isEmpty else { return }
        var lane = Lane(events: events, due: now)
        lane.failingSince = since
        lane.isDelayed = true
        lanes[id] = lane
    }

    /// Takes in the next part of the journal.
    mutating func take(_ part: StageChanges, now: Instant) {
        for change in part.changes where change.id > scanned {
            lanes[change.deploymentID, default: Lane(events: [], due: now)].events.append(change.id)
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

    /// When there will be something to send; nil where that depends on something else than time.
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
        let most = streak > 0 ? 1 : limits.together
        return most - lanes.values.count { $0.isSending }
    }

    /// The deployment that has waited the longest since its event was due.
    private func nextLane() -> (DeploymentID, Lane)? {
        var found: (id: DeploymentID, lane: Lane)?
        for (id, lane) in lanes where !lane.isSending {
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
        _ lane: inout Lane,
        _ failure: AttemptOutcome.Failure,
        _ now: Instant,
        _ moment: Timestamp
    ) -> Verdict {
        streak += 1
        lane.failures += 1
        lane.isDelayed = true
        lane.isWaitingForReceiver = failure.isReceivers
        let since = lane.failingSince ?? moment
        lane.failingSince = since
        let backoff = limits.backoff
        let (longest, longestOwn) =
            failure.isReceivers
            ? (limits.longestSilence, limits.longestSilence)
            : (limits.longestRefusal, limits.longestPause)
        let pause = backoff.pause(after: streak, longest: longest)
        pausedUntil = max(now + pause, pausedUntil ?? now)
        if let wish = failure.retryAfter { silentUntil = max(now + wish, silentUntil ?? now) }
        lane.due = now + backoff.pause(after: lane.failures, longest: longestOwn)
        let isOver = since.advanced(by: limits.lifetime) <= moment
        guard isOver, lane.failures >= limits.fewestAttempts else {
            return .postponed(isFirst: streak == 1)
        }
        // Those that wait behind it have waited for as long: each is tried once.
        lane.events.removeFirst()
        return .givenUp
    }

    /// The receiver takes events: those that have waited for that need wait no longer.
    private mutating func release(_ now: Instant) {
        streak = 0
        pausedUntil = nil
        for (id, lane) in lanes where lane.isWaitingForReceiver && !lane.wasReleased {
            lanes[id]?.due = min(lane.due, now)
            lanes[id]?.wasReleased = true
        }
    }

    /// What is to be kept, so that after a restart nothing is missed.
    var place: WebhookPlace {
        mutating get {
            let first = lanes.values.filter { !$0.isDelayed }.compactMap(\.events.first).min()
            position = max(position, first.map { $0 - 1 } ?? scanned)
            let delays = lanes.filter(\.value.isDelayed).mapValues { lane in
                WebhookPlace.Delay(settled: lane.events[0] - 1, since: lane.failingSince)
            }
            return WebhookPlace(position: position, delays: delays)
        }
    }
}
