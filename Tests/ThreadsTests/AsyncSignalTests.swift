import Testing

@testable import Threads

@Suite struct AsyncSignalTests {
    private let never = ContinuousClock.now + .seconds(3600)

    @Test(.timeLimit(.minutes(10))) func callBeforeTheWaitEndsItAtOnce() async {
        let wakeup = AsyncSignal()
        wakeup.wake()
        wakeup.wake()
        await wakeup.wait(until: never)
    }

    // A thousand turns of a pool that other tests may keep busy.
    @Test(.timeLimit(.minutes(10))) func callDuringTheWaitEndsIt() async {
        let wakeup = AsyncSignal()
        for _ in 0..<1000 {
            async let waiting: Void = wakeup.wait(until: never)
            wakeup.wake()
            await waiting
        }
    }

    @Test(.timeLimit(.minutes(10))) func momentEndsTheWait() async {
        let wakeup = AsyncSignal()
        let moment = ContinuousClock.now + .milliseconds(5)
        while ContinuousClock.now < moment { await wakeup.wait(until: moment) }
    }

    @Test(.timeLimit(.minutes(10))) func cancellationEndsTheWaitAndTheNextOnesToo() async {
        let wakeup = AsyncSignal()
        let waiting = Task {
            await wakeup.wait(until: never)
            await wakeup.wait(until: never)
        }
        waiting.cancel()
        await waiting.value
        // Nothing of it is left for another task.
        wakeup.wake()
        await wakeup.wait(until: never)
    }
}
