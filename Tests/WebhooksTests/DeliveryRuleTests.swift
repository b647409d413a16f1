import Deployments
import Journal
import Synchronization
import Testing

@testable import Webhooks

/// How long events are on their way to receivers of many kinds, by a clock that stands still unless
/// it is told to move, over many seeds.
@Suite struct DeliveryRuleTests {
    private static let failed = AttemptOutcome.failed(.init(reason: "no", retryAfter: nil))

    /// Chance that is the same for the same seed, whoever asks.
    private final class Chance: Sendable {
        private let state: Mutex<UInt64>

        init(seed: Int) {
            state = Mutex(UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1)
        }

        /// From 0 to 1 (SplitMix64).
        func next() -> Double {
            state.withLock { state in
                state &+= 0x9E37_79B9_7F4A_7C15
                var word = state
                word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
                word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
                return Double((word ^ (word >> 31)) >> 11) / 0x1p53
            }
        }
    }

    /// A queue and a receiver, from the first event to the last.
    private struct Run {
        struct Event {
            var id: Int64
            var owner: Int
            var time: Duration
        }

        /// What the receiver makes of an attempt, and how long that takes.
        typealias Behaviour = (Event, _ attempt: Int, _ time: Duration) -> (Bool, Duration)

        private let start = ContinuousClock.now
        private let deployments: [DeploymentID]
        private var queue: DeliveryQueue
        private let events: [Event]
        private(set) var attempts: [Int64: Int] = [:]
        private(set) var attemptTimes: [Duration] = []
        /// When each event was taken.
        private(set) var taken: [Int64: Duration] = [:]
        private(set) var mostAtOnce = 0

        init(
            _ events: [Event],
            chance: Chance,
            _ change: (inout DeliveryQueue.Limits) -> Void = { _ in }
        ) {
            self.events = events.sorted { $0.time < $1.time }.enumerated().map { index, event in
                Event(id: Int64(index + 1), owner: event.owner, time: event.time)
            }
            deployments = (0...(events.map(\.owner).max() ?? 0)).map { _ in DeploymentID() }
            var limits = DeliveryQueue.Limits()
            limits.backoff.chance = { chance.next() }
            change(&limits)
            queue = DeliveryQueue(position: 0, limits: limits)
        }

        /// Sends until everything is taken, or until that time.
        mutating func send(until end: Duration, _ behave: Behaviour) {
            var time = Duration.zero
            var arriving = 0
            var flying: [(end: Duration, change: StageChange, isTaken: Bool)] = []
            while time <= end, taken.count < events.count {
                while queue.hasRoom, arriving < events.count, events[arriving].time <= time {
                    let event = events[arriving]
                    let change = StageChange(id: event.id, deploymentID: deployments[event.owner])
                    let part = StageChanges(changes: [change], through: event.id)
                    queue.take(part, now: start + time)
                    arriving += 1
                }
                for (index, flight) in flying.enumerated().reversed() where flight.end <= time {
                    flying.remove(at: index)
                    if flight.isTaken { taken[flight.change.id] = time }
                    _ = queue.settle(
                        flight.change,
                        flight.isTaken ? .delivered : DeliveryRuleTests.failed,
                        now: start + time,
                        at: Timestamp(microseconds: 0).advanced(by: time)
                    )
                }
                for change in queue.next(start + time) {
                    attempts[change.id, default: 0] += 1
                    attemptTimes.append(time)
                    let event = events[Int(change.id) - 1]
                    let (isTaken, latency) = behave(event, attempts[change.id] ?? 0, time)
                    flying.append((time + latency, change, isTaken))
                }
                mostAtOnce = max(mostAtOnce, flying.count)
                var moments = flying.map(\.end)
                if let moment = queue.nextMoment { moments.append(moment - start) }
                if queue.hasRoom, arriving < events.count { moments.append(events[arriving].time) }
                guard let next = moments.min() else { break }
                time = max(next, time)
            }
        }

        /// How long the last event was on its way after the last had happened; nil if one is not
        /// taken.
        var wait: Duration? {
            guard taken.count == events.count, let last = events.last?.time else { return nil }
            return (taken.values.max() ?? last) - last
        }

        /// How long each event of those deployments was on its way.
        func waits(of owners: Range<Int>) -> [Duration?] {
            events.filter { owners.contains($0.owner) }.map { event in
                taken[event.id].map { $0 - event.time }
            }
        }

        /// Whether each deployment's events were taken in their order.
        var isInOrder: Bool {
            deployments.indices.allSatisfy { owner in
                let times = events.filter { $0.owner == owner }.compactMap { taken[$0.id] }
                return times == times.sorted()
            }
        }
    }

    /// So many deployments, each with ten events within a few seconds.
    private static func events(of owners: Range<Int>, _ chance: Chance) -> [Run.Event] {
        owners.flatMap { owner in
            var time = Duration.seconds(3 * chance.next())
            return (0..<10).map { _ in
                time += .seconds(chance.next() * 0.6)
                return Run.Event(id: 0, owner: owner, time: time)
            }
        }
    }

    private static func latency(_ chance: Chance) -> Duration {
        .milliseconds(1 + Int(100 * chance.next()))
    }

    @Test(arguments: [(0.6, 1), (0.6, 6), (0.52, 5)])
    func whatIsMostlyTakenIsThereWithinTwentySeconds(
        _ odds: Double,
        _ deployments: Int
    ) async throws {
        for seed in 0..<1000 {
            // A test of so much arithmetic lets others go on.
            await Task.yield()
            let chance = Chance(seed: seed)
            var run = Run(Self.events(of: 0..<deployments, chance), chance: chance)
            run.send(until: .seconds(1000)) { _, _, _ in
                (chance.next() < odds, Self.latency(chance))
            }
            let wait = try #require(run.wait, "seed \(seed)")
            #expect(wait <= .seconds(20), "seed \(seed)")
            #expect(run.isInOrder && run.mostAtOnce <= 4, "seed \(seed)")
        }
    }

    @Test(arguments: [1, 3, 12])
    func receiverThatWasDownIsSeenSoonAndAskedSeldom(_ deployments: Int) async throws {
        for seed in 0..<200 {
            // A test of so much arithmetic lets others go on.
            await Task.yield()
            let chance = Chance(seed: seed)
            let down = Duration.seconds(3600 * chance.next() * chance.next() * chance.next())
            var run = Run(Self.events(of: 0..<deployments, chance), chance: chance)
            run.send(until: .seconds(5000)) { _, _, time in (time >= down, Self.latency(chance)) }
            let last = try #require(run.taken.values.max(), "seed \(seed)")
            #expect(run.taken.count == 10 * deployments, "seed \(seed)")
            // The longest pause, what chance adds to it, and the time that sending takes.
            #expect(last < max(down, .seconds(9)) + .seconds(40), "seed \(seed)")
            let attempts = run.attemptTimes.count { $0 < down }
            // A few more while it is not known yet, for each deployment.
            let most = 40 * min(deployments, 4) + Int(down / .seconds(7)) + 10 * deployments
            #expect(attempts <= most, "seed \(seed): \(attempts) in \(down)")
            #expect(run.isInOrder, "seed \(seed)")
        }
    }

    @Test(arguments: [(10, Duration.milliseconds(50)), (3, .seconds(15))])
    func eventsThatAreRefusedForEverHoldUpNobodyElse(_ count: Int, _ time: Duration) async {
        for seed in 0..<10 {
            // A test of so much arithmetic lets others go on.
            await Task.yield()
            let chance = Chance(seed: seed)
            // Deployments whose third event is refused, and forty others over ten minutes.
            var events = Self.events(of: 0..<count, chance)
            for owner in 10..<50 {
                events += Self.events(of: owner..<owner + 1, chance).map { event in
                    Run.Event(id: 0, owner: owner, time: event.time + .seconds((owner - 10) * 15))
                }
            }
            var run = Run(events, chance: chance)
            var seen: [Int: Set<Int64>] = [:]
            run.send(until: .seconds(3600)) { event, _, _ in
                seen[event.owner, default: []].insert(event.id)
                let isRefused = event.owner < count && seen[event.owner]?.count == 3
                return (!isRefused, isRefused ? time : Self.latency(chance))
            }
            let waits = run.waits(of: 10..<50)
            #expect(waits.allSatisfy { ($0 ?? .seconds(999)) < .seconds(20) }, "seed \(seed)")
            #expect(run.waits(of: 0..<count).count { $0 != nil } == 2 * count, "seed \(seed)")
            let most = run.attempts.values.max() ?? 0
            #expect(most < 60 + 3600 / 20, "seed \(seed): \(most) attempts")
        }
    }

    @Test func refusedEventThatIsAloneHoldsUpNoLaterDeployment() async {
        for seed in 0..<50 {
            // A test of so much arithmetic lets others go on.
            await Task.yield()
            let chance = Chance(seed: seed)
            let later = Run.Event(id: 0, owner: 1, time: .seconds(10_000 * chance.next()))
            var run = Run([.init(id: 0, owner: 0, time: .zero), later], chance: chance)
            run.send(until: .seconds(10_001)) { event, _, _ in
                (event.owner == 1, .milliseconds(10))
            }
            #expect(run.waits(of: 1..<2) == [.milliseconds(10)], "seed \(seed)")
        }
    }

    @Test func deploymentsWhoseEventsAreRefusedKeepNobodyOut() {
        let chance = Chance(seed: 1)
        // More of them than deployments are held of others, and another beside them now and then.
        var events = (0..<60).flatMap { index in
            [
                Run.Event(id: 0, owner: 2 * index, time: .seconds(2 * index)),
                Run.Event(id: 0, owner: 2 * index + 1, time: .seconds(2 * index + 1)),
            ]
        }
        events.append(Run.Event(id: 0, owner: 121, time: .seconds(700)))
        var run = Run(events, chance: chance) {
            $0.partitions = 16
            $0.partitionsInAll = 64
        }
        run.send(until: .seconds(710)) { event, _, _ in
            (event.owner % 2 == 1, .milliseconds(50))
        }
        #expect(run.taken.count == 61)
        #expect(run.waits(of: 121..<122).allSatisfy { ($0 ?? .seconds(999)) < .seconds(1) })
        #expect(run.attempts.values.allSatisfy { $0 < 100 })
    }
}
