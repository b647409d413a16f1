import Synchronization

/// How many logs may be read at once: each is a docker command.
final class LogSlots: Sendable {
    private let free: Mutex<Int>
    private let refusals = Atomic<Int>(0)

    init(_ count: Int) {
        free = Mutex(count)
    }

    /// A slot; nil where all are taken.
    func take() -> LogSlot? {
        let isFree = free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        if !isFree { refusals.add(1, ordering: .relaxed) }
        return isFree ? LogSlot(self) : nil
    }

    /// How often all were taken.
    var refused: Int { refusals.load(ordering: .relaxed) }

    fileprivate func give() {
        free.withLock { $0 += 1 }
    }
}

/// One of them, given back when nobody holds it any more: an answer may be dropped unsent.
final class LogSlot: Sendable {
    private let slots: LogSlots

    fileprivate init(_ slots: LogSlots) {
        self.slots = slots
    }

    deinit {
        slots.give()
    }
}
