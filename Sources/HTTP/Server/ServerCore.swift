internal import Sockets
internal import Synchronization
internal import Threads

/// The connections and streams of a server, on the loop.
@EventLoop
final class ServerCore {
    nonisolated let limits: ServerLimits
    nonisolated let timeouts: Timeouts
    private(set) var handler: Handler = { _ in Response(status: 503) }
    /// The limits together with the content limit that `serve` was given.
    private(set) var requestLimits: ServerLimits
    nonisolated let streamCount = Atomic<Int>(0)
    nonisolated let permits: StreamPermits
    nonisolated let pace = RequestScheduler()
    /// Limits the number of replay pages that are read at once; more would only wait for the
    /// journal.
    nonisolated let pages = Semaphore(8)
    nonisolated let refusals = Mutex(RefusalCounts())
    /// The number of bytes of requests and answers that all connections hold.
    private var heldBytes = 0
    /// The connections without a request.
    nonisolated let idle = IdleConnections()

    private var acceptor: Acceptor?
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var streams: [EventStreamConnection] = []
    /// The connections that were refused and have not ended their side yet.
    private var refused: [ObjectIdentifier: RefusedConnection] = [:]
    /// The number of connections and streams of each network that is counted.
    private var addresses: [UInt64: Int] = [:]
    /// The greatest number of connections and streams together.
    private let mostConnections: Int
    private let mostOfAddress: Int
    private let mostRefused: Int
    /// Descriptors with this number or a greater one are not given to streams.
    private let reservedFrom: Int32
    private(set) var isStopping = false
    /// The number of streams that have begun since the heap last gave memory back.
    private var begunStreams = 0
    /// After this many new streams, the memory that they needed to begin is given back to the system.
    private static let manyStreams = 256
    /// A request content of at least this many bytes counts like `manyStreams` streams.
    private static let largeContent = 65_536
    private var stopWaiters: [CheckedContinuation<Void, Never>] = []
    private var date = (time: -1, text: "")
    /// The loop's own statistics, which need no lock: counting an event or an answer is a mere
    /// addition.
    var tally = ServerStatistics()

    nonisolated init(limits: ServerLimits, descriptors: Int) {
        self.limits = limits
        requestLimits = limits
        timeouts = Timeouts(limits)
        permits = StreamPermits(limits.eventStreams)
        // The rest that connections leave is for files and child processes; the rest that streams
        // leave is for connections.
        let reserve = min(256, descriptors / 4)
        reservedFrom = Int32(clamping: descriptors - reserve)
        mostConnections = min(limits.connections, descriptors - reserve / 2)
        mostOfAddress = limits.connectionsPerAddress ?? max(1, mostConnections / 2)
        mostRefused = max(1, reserve / 8)
    }

    func accept(
        from socket: consuming ListeningSocket,
        content: @escaping @Sendable (Method, [String]) -> ContentLimit,
        handler: @escaping Handler
    ) {
        requestLimits.content = content
        self.handler = handler
        // The descriptor is new, so epoll can refuse it only if memory or watches have run out.
        // Then nothing is served, although `bind` has returned the address.
        acceptor = try? Acceptor(socket) { descriptor, address in
            self.take(descriptor, from: address)
        }
    }

    private func take(_ descriptor: consuming FileDescriptor, from address: RemoteAddress?) {
        var network: UInt64 = 0
        if let address, limits.countsLoopback || !address.isLoopback { network = address.network }
        if network != 0, addresses[network, default: 0] >= mostOfAddress {
            refuse(descriptor, .connectionsOfAddress)
            return
        }
        guard connections.count + streams.count < mostConnections || closeIdle() else {
            refuse(descriptor, .connections)
            return
        }
        let connection = Connection(
            descriptor,
            peer: address.map { .ip($0.text) } ?? .unix,
            network: network,
            server: self
        )
        guard connection.start() else { return }
        connections[ObjectIdentifier(connection)] = connection
        if network != 0 { addresses[network, default: 0] += 1 }
    }

    /// Closes the connection that has been idle longest; returns false if none has been idle long
    /// enough.
    private func closeIdle() -> Bool {
        guard let connection = idle.longest(atLeast: timeouts.leastIdle) else { return false }
        count(.idle)
        connection.leave()
        return true
    }

    /// Answers a new connection that there is no room for it, and closes it.
    private func refuse(
        _ descriptor: consuming FileDescriptor,
        _ reason: RefusalCounts.Reason
    ) {
        count(reason)
        let isFull = reason == .connections
        let answer = ResponseEncoder.encode(
            .problem(
                status: isFull ? 503 : 429,
                detail: isFull
                    ? "There are too many connections."
                    : "There are too many connections from this address.",
                headers: ["Retry-After": "5"]
            ),
            to: ResponseEncoder.Exchange(keepsAlive: false),
            date: dateText
        )
        guard refused.count < mostRefused else {
            // None of the last descriptors is spent on waiting; most clients get the answer
            // nevertheless.
            _ = descriptor.send(answer, 0..<answer.count)
            return
        }
        let connection = RefusedConnection(descriptor, server: self)
        if connection.start(answer) { refused[ObjectIdentifier(connection)] = connection }
    }

    func refusedEnded(_ connection: RefusedConnection) {
        refused[ObjectIdentifier(connection)] = nil
    }

    /// Notes that a connection holds `bytes` more, or fewer if the number is negative.
    func hold(_ bytes: Int) {
        heldBytes += bytes
    }

    /// Whether all connections together hold more than they may.
    var holdsTooMuch: Bool { heldBytes > limits.heldBytes }

    /// The number of clients that were refused or cut off so far.
    nonisolated var allRefusals: RefusalCounts {
        var counts = refusals.withLock { $0 }
        counts.add(.streams, permits.refused)
        return counts
    }

    /// Counts a client that was refused or cut off.
    nonisolated func count(_ reason: RefusalCounts.Reason) {
        refusals.withLock { $0.add(reason) }
    }

    func connectionEnded(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        leaves(connection.network)
        somethingEnded()
    }

    private func leaves(_ network: UInt64) {
        guard network != 0, let count = addresses[network] else { return }
        addresses[network] = count > 1 ? count - 1 : nil
    }

    func streamEnded(_ watcher: EventStreamConnection) {
        let index = Int(watcher.serverIndex)
        let last = streams.removeLast()
        if last !== watcher {
            streams[index] = last
            last.serverIndex = Int32(index)
        }
        streamCount.subtract(1, ordering: .relaxed)
        leaves(watcher.network)
        somethingEnded()
    }

    private func somethingEnded() {
        guard isStopping, connections.isEmpty, streams.isEmpty else { return }
        let waiters = stopWaiters
        stopWaiters = []
        for waiter in waiters { waiter.resume() }
    }

    /// Whether a connection with that descriptor may become a stream; some must stay free.
    func mayStream(_ number: Int32) -> Bool { number < reservedFrom }

    func streamBegan(_ watcher: EventStreamConnection, replacing connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        watcher.serverIndex = Int32(streams.count)
        streams.append(watcher)
        streamCount.add(1, ordering: .relaxed)
        tally.streams += 1
        needsMemory(like: 1)
    }

    /// Notes that the content of a request has come.
    func contentCame(_ count: Int) {
        if count >= Self.largeContent { needsMemory(like: Self.manyStreams) }
    }

    private func needsMemory(like streams: Int) {
        let before = begunStreams
        begunStreams += streams
        if before < Self.manyStreams, begunStreams >= Self.manyStreams { giveBackMemory() }
    }

    /// Makes the heap return what many simultaneous requests have needed, after they have ended.
    private func giveBackMemory() {
        // The task ends by itself, once no new stream has come for a second.
        Task {
            var before = 0
            while before != begunStreams {
                before = begunStreams
                try? await Task.pause(for: .seconds(1))
            }
            begunStreams = 0
            Heap.giveBack()
        }
    }

    /// The counts together with what is open now.
    var statistics: ServerStatistics {
        var statistics = tally
        statistics.openConnections = connections.count + streams.count
        statistics.openStreams = streams.count
        statistics.refusals = allRefusals
        return statistics
    }

    /// The present value of `Date`, formatted once a second.
    var dateText: String {
        let time = Poller.shared.unixTime
        if date.time != time { date = (time, HTTPDate.text(unixTime: time)) }
        return date.text
    }

    func stopAccepting() {
        acceptor?.stop()
        acceptor = nil
    }

    func end(_ group: StreamGroup, comment: String) {
        // The loop runs over a copy, because streams that end are removed meanwhile.
        for watcher in Array(streams) where watcher.group === group {
            watcher.end(comment: comment)
        }
        for connection in Array(connections.values) where connection.group === group {
            connection.endContent()
        }
    }

    /// Ends what is open, and returns when everything has ended or the time is up.
    func stop(comment: String) async {
        stopAccepting()
        isStopping = true
        // The loop runs over a copy, because streams that end are removed meanwhile.
        for watcher in Array(streams) {
            watcher.pump()
            watcher.end(comment: comment)
        }
        for connection in connections.values { connection.serverStops() }
        for connection in refused.values { connection.leave() }
        guard !connections.isEmpty || !streams.isEmpty else { return }
        // The task is cancelled below if everything has ended by itself.
        let timer = Task { @EventLoop in
            guard (try? await Task.pause(for: self.limits.stopTimeout)) != nil else { return }
            for watcher in Array(self.streams) { watcher.leave() }
            for connection in self.connections.values { connection.leave() }
        }
        await withCheckedContinuation { stopWaiters.append($0) }
        timer.cancel()
    }
}
