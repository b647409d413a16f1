import Sockets

/// Limits the number of probes that run at once. Waiting groups take turns, so that a group with
/// very many ports does not hold up a group with few.
@EventLoop
final class ProbeQueue {
    static let shared = ProbeQueue(most: 1024, mostOfGroup: 128)

    /// A place in the queue.
    @EventLoop
    final class Turn {
        let group: String
        private(set) var hasCome = false
        private let start: @EventLoop () -> Void

        /// - Parameter start: called once, when the turn has come.
        init(of group: String, start: @escaping @EventLoop () -> Void) {
            self.group = group
            self.start = start
        }

        fileprivate func come() {
            hasCome = true
            start()
        }
    }

    private let most: Int
    private let mostOfGroup: Int
    private var running = 0
    private var runningOf: [String: Int] = [:]
    private var waiting: [String: [Turn]] = [:]
    /// The groups with waiting probes, in the order of their turns.
    private var turns: [String] = []

    /// - Parameters:
    ///   - most: the greatest number of probes that run at once.
    ///   - mostOfGroup: the greatest number of probes of one group that run at once.
    init(most: Int, mostOfGroup: Int) {
        self.most = most
        self.mostOfGroup = mostOfGroup
    }

    /// Queues a turn. Each must `leave` in the end, whether it has come or not.
    func enter(_ turn: Turn) {
        if waiting[turn.group] == nil { turns.append(turn.group) }
        waiting[turn.group, default: []].append(turn)
        startSome()
    }

    /// Ends a turn, or withdraws it from the queue if it has not come yet.
    func leave(_ turn: Turn) {
        guard turn.hasCome else {
            waiting[turn.group]?.removeAll { $0 === turn }
            if waiting[turn.group]?.isEmpty == true { forgetTurn(of: turn.group) }
            return
        }
        running -= 1
        let left = runningOf[turn.group, default: 1] - 1
        runningOf[turn.group] = left > 0 ? left : nil
        startSome()
    }

    private func startSome() {
        while running < most,
            let group = turns.first(where: { runningOf[$0, default: 0] < mostOfGroup }),
            let turn = waiting[group]?.first
        {
            waiting[group]?.removeFirst()
            forgetTurn(of: group)
            if waiting[group]?.isEmpty == false { turns.append(group) }
            running += 1
            runningOf[group, default: 0] += 1
            turn.come()
        }
    }

    private func forgetTurn(of group: String) {
        turns.removeAll { $0 == group }
        if waiting[group]?.isEmpty == true { waiting[group] = nil }
    }
}
