import Deployments
import Journal
import Testing

@testable import Webhooks

/// The order and the pauses of attempts, with a clock that stands still unless it is told to move.
@Suite struct DeliveryQueueTests {
    private let one = DeploymentID()
    private let other = DeploymentID()

    /// A queue, its clock, and what has been sent.
    private struct Bench {
        var queue: DeliveryQueue
        var clock = ContinuousClock.now
        var moment = Timestamp(microseconds: 0)
        var limits = DeliveryQueue.Limits()

        init(
            _ changes: [(Int64, DeploymentID)],
            _ change: (inout DeliveryQueue.Limits) -> Void = { _ in }
        ) {
            limits.backoff.chance = { 0.5 }
            change(&limits)
            queue = DeliveryQueue(position: 0, limits: limits)
            take(changes)
        }

        mutating func take(_ changes: [(Int64, DeploymentID)]) {
            let changes = changes.map { StageChange(id: $0.0, deploymentID: $0.1) }
            queue.take(
                StageChanges(changes: changes, through: changes.last?.id ?? queue.scanned),
                now: clock
            )
        }

        mutating func pass(_ time: Duration) {
            clock += time
            moment = moment.advanced(by: time)
        }

        mutating func settle(_ change: StageChange, _ outcome: AttemptOutcome)
            -> DeliveryQueue.Verdict
        {
            queue.settle(change, outcome, now: clock, at: moment)
        }

        /// Moves the clock to when something is to be sent, and gives what that is.
        mutating func passToNext() -> [StageChange] {
            guard let next = queue.nextMoment else { return [] }
            if next > clock { pass(next - clock) }
            return queue.next(clock)
        }
    }

    private let down = AttemptOutcome.failed(
        .init(reason: "down", retryAfter: nil)
    )
    private let refused = AttemptOutcome.failed(
        .init(reason: "500", retryAfter: nil)
    )

    @Test func eventsOfADeploymentGoOneByOneAndThoseOfSeveralTogether() {
        var bench = Bench([(1, one), (2, one), (3, other), (4, one)])
        let first = bench.queue.next(bench.clock)
        #expect(first.map(\.id) == [1, 3])
        #expect(bench.queue.next(bench.clock).isEmpty)
        #expect(bench.queue.nextMoment == nil)
        #expect(bench.settle(first[1], .delivered) == .delivered(after: 0))
        #expect(bench.queue.next(bench.clock).isEmpty)
        #expect(bench.settle(first[0], .delivered) == .delivered(after: 0))
        #expect(bench.queue.next(bench.clock).map(\.id) == [2])
        #expect(bench.queue.count == 2)
    }

    @Test func attemptsAtOnceAreBounded() {
        var bench = Bench((1...20).map { (Int64($0), DeploymentID()) })
        let first = bench.queue.next(bench.clock)
        #expect(first.map(\.id) == [1, 2, 3, 4])
        _ = bench.settle(first[2], .delivered)
        let fifth = bench.queue.next(bench.clock)
        #expect(fifth.map(\.id) == [5])
        // Where all that are sent at once have failed it is the receiver, which is asked once at a
        // time.
        for change in [first[0], first[1], first[3]] { _ = bench.settle(change, down) }
        #expect(bench.queue.next(bench.clock).map(\.id) == [6, 7, 8])
        _ = bench.settle(fifth[0], down)
        bench.pass(.seconds(100))
        #expect(bench.queue.next(bench.clock).isEmpty)
    }

    @Test func pausesGrowUpToTheirBound() {
        var bench = Bench([(1, one)])
        var pauses: [Duration] = []
        for attempt in 1...40 {
            let before = bench.clock
            let next = bench.passToNext()
            if attempt > 1 { pauses.append(bench.clock - before) }
            #expect(next.map(\.id) == [1])
            let verdict = bench.settle(next[0], down)
            #expect(verdict == .postponed(isFirst: attempt == 1))
        }
        #expect(pauses[0] == .milliseconds(50) && pauses[1] == .milliseconds(60))
        #expect(pauses.suffix(3) == [.seconds(30), .seconds(30), .seconds(30)])
        let next = bench.passToNext()
        #expect(bench.settle(next[0], .delivered) == .delivered(after: 40))
        #expect(bench.queue.count == 0 && bench.queue.nextMoment == nil)
    }

    @Test func pausesDifferByChance() {
        let longest = Duration.seconds(1000)
        var backoff = Backoff()
        backoff.chance = { 0 }
        #expect(backoff.pause(after: 1, longest: longest) == .microseconds(37_500))
        backoff.chance = { 1 }
        #expect(backoff.pause(after: 1, longest: longest) == .microseconds(62_500))
        #expect(backoff.pause(after: .max, longest: .seconds(8)) == .seconds(10))
        let random = (0..<20).map { _ in Backoff().pause(after: .max, longest: .seconds(16)) }
        #expect(random.allSatisfy { .seconds(12) <= $0 && $0 <= .seconds(20) })
        #expect(Set(random).count > 1)
    }

    @Test func receiverThatDoesNotAnswerIsAskedOnceAtATimeAndForEachInTurn() {
        let ids = (0..<5).map { _ in DeploymentID() }
        var bench = Bench(ids.enumerated().map { (Int64($0.offset + 1), $0.element) }) {
            $0.together = 1
        }
        var asked: [Int64] = []
        for _ in 0..<10 {
            let next = bench.passToNext()
            #expect(next.count == 1)
            asked += next.map(\.id)
            _ = bench.settle(next[0], down)
        }
        #expect(Set(asked.prefix(5)) == [1, 2, 3, 4, 5])
        #expect(Set(asked.suffix(5)).count > 2)
        // Once it is back, nothing waits any longer.
        let next = bench.passToNext()
        _ = bench.settle(next[0], .delivered)
        var sent = next.map(\.id)
        while let change = bench.queue.next(bench.clock).first {
            sent.append(change.id)
            _ = bench.settle(change, .delivered)
        }
        #expect(sent.sorted() == [1, 2, 3, 4, 5])
    }

    @Test func refusedEventHoldsUpItsDeploymentAlone() {
        var bench = Bench([(1, one), (2, one), (3, other)]) { $0.together = 1 }
        var next = bench.queue.next(bench.clock)
        #expect(next.map(\.id) == [1])
        _ = bench.settle(next[0], refused)
        for id in 3..<100 {
            next = bench.passToNext()
            while next[0].id == 1 {
                _ = bench.settle(next[0], refused)
                next = bench.passToNext()
            }
            #expect(next.map(\.id) == [Int64(id)])
            _ = bench.settle(next[0], .delivered)
            bench.take([(Int64(id + 1), other)])
        }
        // What is kept is that one's place, and that of all others.
        let place = bench.queue.place
        #expect(place.position == 99)
        #expect(place.lags == [one: .init(settled: 0, since: Timestamp(microseconds: 0))])
        #expect(bench.queue.count == 3)
    }

    @Test func eventThatBreaksTheReceiverIsNotSentAfterEveryOther() {
        var bench = Bench([(1, one)])
        var attempts = 0
        for id in 2..<200 {
            bench.take([(Int64(id), other)])
            var isSettled = false
            while !isSettled {
                for change in bench.passToNext() {
                    if change.deploymentID == one { attempts += 1 }
                    isSettled = change.deploymentID == other
                    _ = bench.settle(change, change.deploymentID == one ? down : .delivered)
                }
            }
            bench.pass(.seconds(1))
        }
        #expect(attempts < 50)
    }

    @Test func retryAfterIsHeeded() {
        var bench = Bench([(1, one), (2, other)])
        let next = bench.queue.next(bench.clock)
        let wish = AttemptOutcome.failed(
            .init(reason: "503", retryAfter: .seconds(90))
        )
        _ = bench.settle(next[0], wish)
        // That another was taken meanwhile takes nothing back.
        _ = bench.settle(next[1], .delivered)
        bench.take([(3, other)])
        #expect(bench.queue.nextMoment == bench.clock + .seconds(90))
        bench.pass(.seconds(89))
        #expect(bench.queue.next(bench.clock).isEmpty)
        bench.pass(.seconds(1))
        #expect(!bench.queue.next(bench.clock).isEmpty)
    }

    @Test func eventIsGivenUpAfterThreeDaysAndNotBefore() {
        var bench = Bench([(1, one), (2, one), (3, one)])
        var given: [(Int64, Timestamp)] = []
        for _ in 0..<10_000 where given.count < 3 {
            let next = bench.passToNext()
            if bench.settle(next[0], refused) == .givenUp {
                given.append((next[0].id, bench.moment))
            }
        }
        #expect(given.map(\.0) == [1, 2, 3])
        let days = given.map { Double($0.1.microseconds) / 86_400e6 }
        #expect(days[0] >= 3 && days[2] < 3.1)
        #expect(bench.queue.count == 0)
        #expect(bench.queue.place == DeliveryCursor(position: 3))
    }

    @Test func clockThatIsSetForwardGivesNothingUp() {
        var bench = Bench([(1, one)])
        _ = bench.settle(bench.queue.next(bench.clock)[0], down)
        bench.moment = bench.moment.advanced(by: .seconds(1_000_000_000))
        for _ in 2...9 {
            #expect(bench.settle(bench.passToNext()[0], down) == .postponed(isFirst: false))
        }
        #expect(bench.settle(bench.passToNext()[0], down) == .givenUp)
    }

    @Test func receiverThatWantsNothingGetsNothing() {
        var bench = Bench([(1, one), (2, other)])
        let next = bench.queue.next(bench.clock)
        #expect(bench.settle(next[0], .unwanted) == .closed)
        #expect(bench.settle(next[1], .delivered) == .delivered(after: 0))
        #expect(!bench.queue.hasRoom && bench.queue.nextMoment == nil)
        bench.pass(.seconds(1_000_000))
        #expect(bench.queue.next(bench.clock).isEmpty)
        #expect(bench.queue.place.position == 0)
    }

    @Test func whatIsHeldIsBounded() {
        var bench = Bench([]) { $0.partitions = 10 }
        var id: Int64 = 0
        while bench.queue.hasRoom {
            id += 1
            bench.take([(id, DeploymentID())])
        }
        #expect(id == 10)
        for change in bench.queue.next(bench.clock) { _ = bench.settle(change, .delivered) }
        #expect(bench.queue.hasRoom)
    }

    @Test func placeNeverPassesWhatIsNotSettledAndNeverGoesBack() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let ids = (0..<6).map { _ in DeploymentID() }
            var bench = Bench([])
            var owners: [Int64: DeploymentID] = [:]
            var unsettled: Set<Int64> = []
            var last: [DeploymentID: Int64] = [:]
            var flying: [StageChange] = []
            var position: Int64 = 0
            for step in 1...300 {
                if Int.random(in: 0..<3, using: &generator) == 0, step < 200 {
                    let id = bench.queue.scanned + Int64.random(in: 1...3, using: &generator)
                    let owner = ids[Int.random(in: 0..<6, using: &generator)]
                    owners[id] = owner
                    unsettled.insert(id)
                    bench.take([(id, owner)])
                }
                flying += step < 250 ? bench.queue.next(bench.clock) : bench.passToNext()
                if !flying.isEmpty {
                    let change = flying.remove(at: Int.random(in: 0..<flying.count))
                    // In order within its deployment, each once.
                    #expect(unsettled.contains(change.id))
                    #expect(last[change.deploymentID, default: 0] < change.id)
                    let outcome =
                        step > 250 ? .delivered : [.delivered, down, refused].randomElement()
                    if outcome == .delivered {
                        unsettled.remove(change.id)
                        last[change.deploymentID] = change.id
                    }
                    _ = bench.settle(change, outcome ?? .delivered)
                }
                bench.pass(.seconds(1))
                let place = bench.queue.place
                #expect(place.position >= position && place.position <= bench.queue.scanned)
                position = place.position
                for id in unsettled where id <= position {
                    let settled = owners[id].flatMap { place.lags[$0]?.settled }
                    #expect(settled.map { $0 < id } == true, "\(id) would be lost")
                }
            }
        }
    }

    @Test func delayedDeploymentIsTakenUpWhereItWas() {
        var queue = DeliveryQueue(position: 10)
        queue.restore(one, [4, 7], since: Timestamp(microseconds: 5), now: .now)
        queue.restore(other, [], since: nil, now: .now)
        queue.take(
            StageChanges(
                changes: [.init(id: 11, deploymentID: one), .init(id: 12, deploymentID: other)],
                through: 20
            ),
            now: .now
        )
        let next = queue.next(.now)
        #expect(next.map(\.id).sorted() == [4, 12])
        #expect(queue.place.position == 11)
        #expect(queue.place.lags == [one: .init(settled: 3, since: Timestamp(microseconds: 5))])
        for change in next {
            _ = queue.settle(change, .delivered, now: .now, at: Timestamp(microseconds: 9))
        }
        #expect(queue.place.position == 20)
        #expect(queue.place.lags == [one: .init(settled: 6, since: nil)])
    }
}
