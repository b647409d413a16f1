import Deployments
import Terminal
import Testing

@Suite struct WatchStateTests {
    private let start = Timestamp(microseconds: 1_795_273_440_000_000)
    private let shop = DeploymentID()
    private let mail = DeploymentID()

    private func event(
        _ id: DeploymentID,
        _ stage: Stage,
        _ progress: Int,
        after seconds: Int64 = 1,
        detail: JSONValue? = nil
    ) -> Event {
        Event(
            deploymentID: id,
            timestamp: Timestamp(microseconds: start.microseconds + seconds * 1_000_000),
            message: "m",
            stage: stage,
            progress: progress,
            detail: detail
        )
    }

    private func watch() -> WatchState {
        var watch = WatchState()
        for (id, name) in [(shop, "shop"), (mail, "mail")] {
            watch.add(id, name: name, environment: "default", createdAt: start, copy: .afterStart)
        }
        return watch
    }

    @Test func watchOfNothingIsNotFinished() {
        let watch = WatchState()
        #expect(!watch.isFinished)
        #expect(watch.elapsed(start) == 0)
    }

    @Test func eventOfAnotherDeploymentChangesNothing() {
        var watch = watch()
        watch.apply(event(DeploymentID(), .completed, 100), id: 1)
        #expect(watch.endedCount == 0)
        #expect(watch.rows.map(\.name) == ["shop", "mail"])
    }

    @Test func newestDetailIsKeptAndARepeatedEventIsNot() {
        var watch = watch()
        watch.apply(event(shop, .pullingImage, 12, detail: ["bytes_done": .integer(1)]), id: 2)
        watch.apply(event(shop, .pullingImage, 10, detail: ["bytes_done": .integer(0)]), id: 1)
        #expect(watch[shop]?.detail?["bytes_done"]?.integer == 1)
        #expect(watch[shop]?.progress == 12)
        watch.apply(event(shop, .pullingImage, 13), id: 3)
        #expect(watch[shop]?.detail == nil)
    }

    @Test func endsAreCountedAndTheLastOneEndsTheTime() {
        var watch = watch()
        watch.apply(event(shop, .completed, 100, after: 5), id: 1)
        #expect(!watch.isFinished)
        watch.apply(event(mail, .error, 100, after: 9), id: 2)
        #expect(watch.isFinished)
        #expect(watch.endedCount == 2)
        #expect(watch.failedCount == 1)
        #expect(watch.count(.success) == 1)
        let later = Timestamp(microseconds: start.microseconds + 60_000_000)
        #expect(watch.elapsed(later) == 9000)
    }

    @Test func failureKeepsThePercentageItHadComeTo() {
        var watch = watch()
        watch.apply(event(shop, .pullingImage, 18), id: 1)
        watch.apply(event(shop, .error, 100), id: 2)
        #expect(watch[shop]?.progress == 18)
        watch.apply(event(mail, .completed, 100), id: 3)
        #expect(watch[mail]?.progress == 100)
    }

    @Test func knownDeploymentTakesOnANewerStateOnly() {
        var watch = watch()
        watch.apply(event(shop, .pullingImage, 18), id: 5)
        let old = DeploymentState(createdAt: start, copy: .afterStart)
        watch.add(shop, name: "shop", environment: "default", state: old)
        #expect(watch[shop]?.state.stage == .pullingImage)
        var new = old
        new.apply(event(shop, .healthCheck, 90), id: 9)
        watch.add(shop, name: "shop", environment: "default", state: new)
        #expect(watch[shop]?.state.stage == .healthCheck)
        #expect(watch.rows.count == 2)
    }

    @Test func labelsTellDeploymentsApart() {
        var watch = watch()
        watch.add(
            DeploymentID(),
            name: "shop",
            environment: "prod",
            createdAt: start,
            copy: .afterStart
        )
        #expect(watch.rows.map(\.label) == ["shop", "mail", "shop@prod"])
        let twin = DeploymentID()
        watch.add(twin, name: "mail", environment: "default", createdAt: start, copy: .afterStart)
        #expect(watch[twin]?.label == "mail #\(twin.text.prefix(4))")
        #expect(watch[mail]?.label == "mail #\(mail.text.prefix(4))")
    }

    @Test func labelIsSafeToPrint() {
        var watch = WatchState()
        let name = "\u{1B}[2Jshop\n"
        watch.add(shop, name: name, environment: "", createdAt: start, copy: .afterStart)
        #expect(watch[shop]?.label == "shop")
        #expect(watch[shop]?.name == name)
    }
}
