internal import Sockets
internal import Synchronization

/// A server's connections and streams, on the loop.
@EventLoop
final class ServerCore {
    nonisolated let limits: ServerLimits
    nonisolated let timeouts: Timeouts
    nonisolated let handler: Handler
    nonisolated let streamCount = Atomic<Int>(0)
    nonisolated let pace = RequestPace()
    /// The pages of replays that are under way: more would only wait for the journal.
    nonisolated let pages = Turnstile(8)

    private var acceptor: Acceptor?
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var streams: [Watcher] = []
    /// Connections and streams at once.
    private let mostConnections: Int
    /// Descriptors from this number on are too few to give to streams.
    private let reservedFrom: Int32
    private(set) var isStopping = false
    /// How many streams have begun since the heap last gave memory back.
    private var begunStreams = 0
    /// So many streams that what beginning them has needed is worth giving back.
    private static let manyStreams = 256
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []
    private var date = (time: -1, text: "")
    /// The loop's own: adding to it is all that an event or an answer costs.
    var tally = ServerStatistics()

    nonisolated init(limits: ServerLimits, handler: @escaping Handler, descriptors: Int) {
        self.limits = limits
        timeouts = Timeouts(limits)
        self.handler = handler
        // What connections leave is for files and children, what streams leave for connections.
        let reserve = min(256, descriptors / 4)
        reservedFrom = Int32(clamping: descriptors - reserve)
        mostConnections = min(limits.connections, descriptors - reserve / 2)
    }

    func accept(from socket: consuming ListeningSocket) {
        // The descriptor has just been made, and epoll has no reason to refuse it but a lack of
        // memory or watches; then nothing is served, and `start` has said where it would be.
        acceptor = try? Acceptor(socket) { descriptor, address in
            self.take(descriptor, from: address)
        }
    }

    private func take(_ descriptor: consuming FileDescriptor, from address: String?) {
        let connection = Connection(
            descriptor,
            peer: address.map(Peer.ip) ?? .unix,
            server: self
        )
        guard connection.start() else { return }
        connections[ObjectIdentifier(connection)] = connection
        pauseWhenFull()
    }

    private func pauseWhenFull() {
        guard let acceptor, acceptor.descriptor != nil else { return }
        let isFull = connections.count + streams.count >= mostConnections
        guard acceptor.isPaused != isFull else { return }
        acceptor.isPaused = isFull
        if isFull { tally.refuse(.connections) }
    }

    func connectionEnded(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        somethingEnded()
    }

    func streamEnded(_ watcher: Watcher) {
        let index = Int(watcher.serverIndex)
        let last = streams.removeLast()
        if last !== watcher {
            streams[index] = last
            last.serverIndex = Int32(index)
        }
        streamCount.subtract(1, ordering: .relaxed)
        somethingEnded()
    }

    private func somethingEnded() {
        pauseWhenFull()
        guard isStopping, connections.isEmpty, streams.isEmpty else { return }
        let waiters = stopWaiters
        stopWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    /// Whether one more stream fits, by its limit and by the descriptors that must stay free.
    func hasRoomForStream(_ number: Int32) -> Bool {
        streams.count < limits.eventStreams && number < reservedFrom
    }

    func streamBegan(_ watcher: Watcher, replacing connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        watcher.serverIndex = Int32(streams.count)
        streams.append(watcher)
        streamCount.add(1, ordering: .relaxed)
        tally.streams += 1
        begunStreams += 1
        if begunStreams == Self.manyStreams { giveBackMemory() }
    }

    /// Has the heap give back what many requests at once have needed, once there are no more of
    /// them.
    private func giveBackMemory() {
        // Ends by itself, once no stream has begun for a second.
        Task {
            var before = 0
            while before != begunStreams {
                before = begunStreams
                try? await Task.sleep(for: .seconds(1))
            }
            begunStreams = 0
            Heap.giveBack()
        }
    }

    /// What was counted, with what is open now.
    var statistics: ServerStatistics {
        var statistics = tally
        statistics.openConnections = connections.count + streams.count
        statistics.openStreams = streams.count
        return statistics
    }

    /// The present `Date`, made once a second.
    var dateText: String {
        let time = Poller.shared.unixTime
        if date.time != time { date = (time, HTTPDate.text(unixTime: time)) }
        return date.text
    }

    func stopAccepting() {
        acceptor?.stop()
        acceptor = nil
    }

    /// Ends what is open and returns when it has ended; at the latest when the time is up.
    func stop(comment: String) async {
        stopAccepting()
        isStopping = true
        // Copies, because those that end are taken out meanwhile.
        for watcher in Array(streams) {
            watcher.pump()
            watcher.end(comment: comment)
        }
        for connection in connections.values { connection.serverStops() }
        guard !connections.isEmpty || !streams.isEmpty else { return }
        // Cancelled below, when all has ended by itself.
        let timer = Task { @EventLoop in
            guard (try? await Task.sleep(for: self.limits.stopTimeout)) != nil else { return }
            for watcher in Array(self.streams) { watcher.leave() }
            for connection in self.connections.values { connection.leave() }
        }
        await withCheckedContinuation { stopWaiters.append($0) }
        timer.cancel()
    }
}
