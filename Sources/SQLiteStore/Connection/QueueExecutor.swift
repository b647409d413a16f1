internal import Dispatch

/// An actor's executor for work that blocks: a serial queue with a thread of its own.
final class QueueExecutor: SerialExecutor {
    private let queue: DispatchQueue

    /// Creates an executor whose queue has that label.
    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { [self] in
            unsafe job.runSynchronously(on: asUnownedSerialExecutor())
        }
    }

    /// Calls `work` after everything that was enqueued before.
    func async(_ work: @escaping @Sendable () -> Void) {
        queue.async(execute: work)
    }

    func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
