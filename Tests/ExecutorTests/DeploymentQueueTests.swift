import Deployments
import Testing

@testable import Executor

@Suite struct DeploymentQueueTests {
    private let ids = (0..<8).map { _ in DeploymentID() }

    @Test func slotsAreTakenInOrderAndOneEndLetsTheNextIn() {
        var queue = DeploymentQueue(slots: 2, capacity: 10)
        #expect(queue.admit(ids[0], name: "a", policy: .queue).admission == .runs)
        #expect(queue.admit(ids[1], name: "b", policy: .queue).admission == .runs)
        #expect(queue.admit(ids[2], name: "c", policy: .queue).admission == .waits(.slot))
        #expect(queue.admit(ids[3], name: "d", policy: .queue).admission == .waits(.slot))
        #expect(queue.remove(ids[1]) == [ids[2]])
        #expect(queue.remove(ids[0]) == [ids[3]])
    }

    @Test func restoredOnesAreTakenInTheirOrderHoweverManyWait() {
        var queue = DeploymentQueue(slots: 2, capacity: 1)
        for (id, name) in zip(ids, ["a", "a", "b", "c"]) { queue.restore(id, name: name) }
        #expect(queue.advance() == [ids[0], ids[2]])
        #expect(queue.admit(ids[4], name: "d", policy: .queue).admission == .full)
        #expect(queue.remove(ids[2]) == [ids[3]])
        #expect(queue.remove(ids[0]) == [ids[1]])
    }

    @Test func sameNameWaitsWhileOthersPass() {
        var queue = DeploymentQueue(slots: 2, capacity: 10)
        _ = queue.admit(ids[0], name: "a", policy: .queue)
        #expect(
            queue.admit(ids[1], name: "a", policy: .queue).admission
                == .waits(.name(busy: ids[0]))
        )
        #expect(queue.admit(ids[2], name: "b", policy: .queue).admission == .runs)
        #expect(queue.remove(ids[2]) == [])
        #expect(queue.remove(ids[0]) == [ids[1]])
    }

    @Test func rejectNamesTheOneThatRuns() {
        var queue = DeploymentQueue(slots: 2, capacity: 10)
        _ = queue.admit(ids[0], name: "a", policy: .queue)
        #expect(
            queue.admit(ids[1], name: "a", policy: .reject).admission == .rejected(busy: ids[0])
        )
        #expect(queue.admit(ids[1], name: "b", policy: .reject).admission == .runs)
    }

    @Test func supersedeTakesThePlaceOfThoseThatWaitAndNeverOfTheOneThatRuns() {
        var queue = DeploymentQueue(slots: 2, capacity: 10)
        _ = queue.admit(ids[0], name: "a", policy: .queue)
        _ = queue.admit(ids[1], name: "a", policy: .queue)
        _ = queue.admit(ids[2], name: "a", policy: .queue)
        let result = queue.admit(ids[3], name: "a", policy: .supersede)
        #expect(result.admission == .waits(.name(busy: ids[0])))
        #expect(result.superseded == [ids[1], ids[2]])
        #expect(queue.remove(ids[0]) == [ids[3]])
    }

    @Test func fullQueueTurnsAwayAndChangesNothing() {
        var queue = DeploymentQueue(slots: 1, capacity: 1)
        _ = queue.admit(ids[0], name: "a", policy: .queue)
        _ = queue.admit(ids[1], name: "b", policy: .queue)
        #expect(queue.admit(ids[2], name: "c", policy: .queue).admission == .full)
        #expect(queue.remove(ids[0]) == [ids[1]])
    }

    @Test func oneThatWaitsCanBeTakenOut() {
        var queue = DeploymentQueue(slots: 1, capacity: 5)
        _ = queue.admit(ids[0], name: "a", policy: .queue)
        _ = queue.admit(ids[1], name: "b", policy: .queue)
        #expect(queue.isWaiting(ids[1]))
        #expect(queue.remove(ids[1]) == [])
        #expect(!queue.isWaiting(ids[1]))
        #expect(queue.remove(ids[0]) == [])
    }
}
