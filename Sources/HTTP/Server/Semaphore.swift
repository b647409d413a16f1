internal import Sockets

/// Limits how many pieces of work are under way at once. The others wait for their turn, in order.
@EventLoop
final class Semaphore {
    private var free: Int
    /// The waiting pieces of work; those before `next` have been started.
    private var waiting: [(@EventLoop () -> Void)?] = []
    private var next = 0

    nonisolated init(_ count: Int) {
        free = count
    }

    /// Does the work at once or when its turn has come. The work must call `leave` at its end.
    func enter(_ work: @escaping @EventLoop () -> Void) {
        guard free > 0 else {
            waiting.append(work)
            return
        }
        free -= 1
        work()
    }

    /// Ends a piece of work and starts the next one.
    func leave() {
        guard next < waiting.count else {
            free += 1
            return
        }
        let work = waiting[next]
        waiting[next] = nil
        next += 1
        if next == waiting.count {
            waiting = []
            next = 0
        }
        work?()
    }
}
