internal import Sockets

/// Lets a few requests begin at a time, and then lets the thread pool handle them.
///
/// A request needs some kilobytes while it is handled, and the heap keeps what a thousand
/// simultaneous requests have needed. A request that waits for something else does not delay the
/// others.
@EventLoop
final class RequestScheduler {
    private static let share = 16
    private var begun = 0
    private var postponed: [Connection] = []

    nonisolated init() {}

    /// Counts a request whose handler has been passed to the pool.
    func begin() {
        begun += 1
        if begun == Self.share { letPoolGoFirst() }
    }

    /// Whether the connection must leave its bytes in the socket for now. If so, `goOn` is called
    /// later.
    func postpones(_ connection: Connection) -> Bool {
        guard begun >= Self.share else { return false }
        postponed.append(connection)
        return true
    }

    private func letPoolGoFirst() {
        // The task runs once the pool has begun its earlier work, and ends at once.
        Task { @concurrent in await self.goOn() }
    }

    private func goOn() {
        begun = 0
        let next = Array(postponed.prefix(Self.share))
        postponed.removeFirst(next.count)
        for connection in next { connection.goOn() }
        guard !postponed.isEmpty, begun < Self.share else { return }
        begun = Self.share
        letPoolGoFirst()
    }
}
