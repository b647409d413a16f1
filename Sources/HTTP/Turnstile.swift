internal import Sockets

/// Lets so many of a kind be under way at once; the others wait their turn in order.
@EventLoop
final class Turnstile {
    private var free: Int
    private var waiting: [@EventLoop () -> Void] = []

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
        guard !waiting.isEmpty else {
            free += 1
            return
        }
        waiting.removeFirst()()
    }
}
