internal import Sockets

/// Lets a few requests begin at a time, and then lets the thread pool handle them.
///
/// A request needs some kilobytes while it is handled, and the heap keeps what a thousand requests at once
/// have needed. A request that waits for something else holds nobody up.
@EventLoop
final class RequestScheduler {
    private static let share = 16
    private var begun = 0
    private var postponed: [Connection] = []

    nonisolated init() {}

    /// Counts a request whose handler has been given to the pool.
    func begin() {
        begun += 1
        if begun == Self.share { letPoolGoFirst() }
    }

    /// Whether the connection is to leave its bytes where they are; then `goOn` is called later.
    func postpones(_ connection: Connection) -> Bool {
        guard begun >= Self.share else { return false }
        postponed.append(connection)
        return true
    }

    private func letPoolGoFirst() {
        // Runs once the pool has taken up what it was given before, and ends at once.
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
