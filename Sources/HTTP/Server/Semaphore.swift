internal import Sockets

/// Limits how many pieces of work are under way at once; the others wait for their turn, in order.
@EventLoop
final class Semaphore {
    private var free: Int
    /// Those that wait; the ones before `next` have been let in.
    private var waiting: [(@EventLoop () -> Void)?] = []
    private var next = 0

    nonisolated init(_ count: Int) {
        free = count
    }

    /// Does the work now or when its turn has come. Whoever does it calls `leave` at its end.
    func enter(_ work: @escaping @EventLoop () -> Void) {
        guard free > 0 else {
            waiting.append(work)
            return
        }
        free -= 1
        work()
    }

    /// Lets the next one in.
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
