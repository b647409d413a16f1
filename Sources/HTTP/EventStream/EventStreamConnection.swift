internal import Sockets

/// A connection that streams a channel's events. While it is idle, it consists of this object
/// alone.
@EventLoop
final class EventStreamConnection: PollTarget {
    private enum Phase: UInt8 {
        /// The next bytes lie in the log at `place`.
        case following
        /// Like `following`, but it was blocked and has not caught up since, so superseded events
        /// are left out.
        case lagging
        /// The next event is the first with an id greater than `place`; it may not exist yet.
        case behind
        /// Like `behind`, and a page of `replay` has been requested.
        case fetching
        /// The pending bytes are the last.
        case ending
    }

    /// The greatest number of bytes of a replay that is held for a watcher that does not read.
    static let pageBytes = 16_384

    // The properties that every event needs come first, so that they share a cache line.
    /// A position in the log, or an id; this depends on the phase.
    private var place: Int64
    /// The bytes of this watcher alone: its head, a page, or the rest of an event that has left the
    /// log.
    private var pending: [UInt8]
    private var phase = Phase.behind
    private let isChunked: Bool
    /// Whether the first event and the `retry` line before it have been sent.
    private var hasBegun = false
    private var isBlocked = false
    private var pendingStart: Int32 = 0
    let server: ServerCore
    let channel: EventChannel
    let group: StreamGroup?
    /// The stream's permit, which is held until its end.
    private var slot: StreamPermit?
    /// The network for which the connection is counted; 0 if it is not counted.
    let network: UInt64
    /// The position among the subscribers; -1 if it is not among them.
    var index: Int32 = -1
    /// The position among the server's streams.
    var serverIndex: Int32 = 0

    init(
        _ descriptor: consuming FileDescriptor,
        _ subscription: EventSubscription,
        head: [UInt8],
        isChunked: Bool,
        group: StreamGroup?,
        slot: StreamPermit,
        network: UInt64,
        server: ServerCore
    ) {
        self.network = network
        channel = subscription.channel
        place = subscription.after
        pending = head
        self.isChunked = isChunked
        self.group = group
        self.slot = slot
        self.server = server
        super.init(descriptor: descriptor)
    }

    private var subscribers: Subscribers { channel.subscribers }
    private var isInLog: Bool { phase == .following || phase == .lagging }

    /// Begins to stream. The connection's registration has passed to this target.
    func start() {
        subscribers.join(self)
        watch(for: [.readable, .peerEnded])
        setDeadline(in: server.timeouts.heartbeat)
        pump()
    }

    override func ready(_ readiness: PollEvents) {
        if !readiness.isDisjoint(with: [.failed, .hungUp, .peerEnded]) {
            // The client of an event stream sends nothing, so the end of its side means that it has
            // left.
            leave()
            return
        }
        if readiness.contains(.readable), !discardInput() {
            leave()
            return
        }
        if readiness.contains(.writable) {
            isBlocked = false
            watch(for: [.readable, .peerEnded])
            pump()
        }
    }

    /// Sends a heartbeat after a time without events.
    override func deadlineReached() {
        if phase == .ending {
            leave()
            return
        }
        setDeadline(in: server.timeouts.heartbeat)
        // A client that does not take what it is sent needs no heartbeat.
        guard !isBlocked, pending.isEmpty else { return }
        add(channel.heartbeat.map { EventFraming.unnumbered($0()) } ?? EventFraming.heartbeat)
        pump()
    }

    /// Sends until there is nothing left to send or no room for it.
    func pump() {
        while !isBlocked, descriptor != nil {
            if !pending.isEmpty {
                sendPending()
                continue
            }
            switch phase {
            case .ending:
                leave()
                return
            case .fetching:
                return
            case .behind:
                guard catchUp() else { return }
            case .following, .lagging:
                let position = Int(place)
                if position == subscribers.log.end {
                    guard subscribers.isFinished else { return }
                    end()
                } else if hasBegun && isChunked {
                    sendLog(from: position)
                } else {
                    copyLog(from: position)
                }
            }
        }
    }

    /// The position in the log from which the watcher goes on; nil if it needs more than the log's
    /// bytes.
    var placeInLog: Int? {
        let isAlike = phase == .following && hasBegun && isChunked && !isBlocked && pending.isEmpty
        return isAlike ? Int(place) : nil
    }

    /// Sends the bytes from that position of the log to its end, if the watcher is there and needs
    /// nothing else. Returns false if they were not sent completely; then `pump` goes on. The
    /// caller counts the events.
    func follow(_ news: UnsafeRawBufferPointer, from position: Int) -> Bool {
        guard placeInLog == position, case .bytes(let count) = unsafe descriptor?.send(news) else {
            return false
        }
        guard count == news.count else {
            went(to: position + count)
            return false
        }
        place += Int64(count)
        setDeadline(in: server.timeouts.heartbeat)
        return true
    }

    /// Ends the stream after the event under way, with a comment and the end of the content.
    func end(comment: String? = nil) {
        guard phase != .ending else { return }
        if isInLog, pending.isEmpty, isChunked {
            // A part of the event may have been sent.
            let event = subscribers.log.event(before: Int(place))
            if event.end > Int(place) { keepRest(until: event.end) }
        }
        if let comment { add(EventFraming.comment(comment)) }
        if isChunked { pending += EventFraming.end }
        phase = .ending
        setDeadline(in: server.timeouts.stop)
        pump()
    }

    /// Keeps the rest of an event that has been begun, before the log drops it.
    func prepareForTrim(to start: Int) {
        guard isInLog, Int(place) < start else { return }
        let event = subscribers.log.event(before: Int(place))
        if event.end > Int(place) { keepRest(until: event.end) }
        place = event.id
        phase = .behind
    }

    /// Closes the connection, whatever its state.
    func leave() {
        guard descriptor != nil else { return }
        close()
        subscribers.leave(self)
        slot = nil
        server.streamEnded(self)
    }

    private func keepRest(until end: Int) {
        server.tally.delivered += subscribers.count(from: Int(place), to: end)
        let indices = subscribers.log.indices(from: Int(place))
        append(subscribers.log.bytes[indices.prefix(end - Int(place))])
    }

    /// Finds the place in the log, or requests a page. Returns false if there is nothing to do for
    /// now.
    private func catchUp() -> Bool {
        let log = subscribers.log
        if place < log.floor {
            fetch()
            return false
        }
        if let position = log.position(after: place) {
            place = Int64(position)
            phase = .following
            return true
        }
        guard subscribers.isFinished else { return false }
        end()
        return true
    }

    private func fetch() {
        phase = .fetching
        server.pages.enter { self.fetchPage() }
    }

    private func fetchPage() {
        let (channel, after) = (channel, place)
        // The task ends by itself; `deliver` drops the page if the watcher has left meanwhile.
        Task { @concurrent in
            let page = await channel.replay(after, Self.pageBytes)
            await self.deliver(page)
        }
    }

    private func deliver(_ page: EventPage?) {
        defer { server.pages.leave() }
        guard descriptor != nil, phase == .fetching else { return }
        guard let page else {
            end()
            return
        }
        phase = .behind
        if let last = page.lastID {
            place = last
            server.tally.delivered += page.count
            begin()
            if !pending.isEmpty, !isBlocked { sendPending() }
            // If nothing else is pending, the page's own array is used, which other watchers may
            // share.
            if isChunked, pending.isEmpty { pending = page.bytes } else { append(page.bytes[...]) }
        } else {
            // The store has nothing newer, so there is nothing that memory lacks.
            place = max(place, subscribers.log.floor)
        }
        pump()
    }

    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        add(EventFraming.retry)
    }

    /// Adds chunks of whole blocks, in the framing that the client knows.
    private func add(_ chunks: [UInt8]) {
        append(chunks[...])
    }

    private func append(_ chunks: ArraySlice<UInt8>) {
        pending += isChunked ? Array(chunks) : EventFraming.unframed(chunks)
    }

    private func copyLog(from position: Int) {
        begin()
        let log = subscribers.log
        let indices =
            phase == .lagging ? log.neededIndices(from: position) : log.indices(from: position)
        append(log.bytes[indices])
        spare(from: position, to: log.start + indices.lowerBound)
        went(to: log.start + indices.upperBound)
        if Int(place) == log.end { phase = .following }
    }

    private func sendLog(from position: Int) {
        guard phase == .lagging else {
            let indices = subscribers.log.indices(from: position)
            let result = descriptor?.send(subscribers.log.bytes, indices)
            if let count = taken(result, of: indices.count) { went(to: position + count) }
            return
        }
        let indices = subscribers.log.neededIndices(from: position)
        spare(from: position, to: subscribers.log.start + indices.lowerBound)
        if !indices.isEmpty {
            let result = descriptor?.send(subscribers.log.bytes, indices)
            if let count = taken(result, of: indices.count) { went(to: Int(place) + count) }
        }
        if phase == .lagging, Int(place) == subscribers.log.end { phase = .following }
    }

    /// Notes that the log's bytes up to the position have been sent, or are pending.
    private func went(to position: Int) {
        server.tally.delivered += subscribers.count(from: Int(place), to: position)
        place = Int64(position)
    }

    /// Skips the events between the positions.
    private func spare(from: Int, to: Int) {
        place = Int64(to)
        if to != from { server.tally.collapsed += subscribers.count(from: from, to: to) }
    }

    private func sendPending() {
        let rest = Int(pendingStart)..<pending.count
        guard let count = taken(descriptor?.send(pending, rest), of: rest.count) else { return }
        if count == rest.count {
            pending = []
            pendingStart = 0
        } else {
            pendingStart += Int32(count)
        }
    }

    /// The number of bytes that were sent; nil if none were.
    private func taken(_ result: Transfer?, of wanted: Int) -> Int? {
        switch result {
        case .bytes(let count):
            if phase != .ending { setDeadline(in: server.timeouts.heartbeat) }
            if count < wanted { block() }
            return count
        case .wouldBlock:
            block()
            return nil
        case .end, .failed, nil:
            leave()
            return nil
        }
    }

    private func block() {
        isBlocked = true
        if phase == .following { phase = .lagging }
        watch(for: [.readable, .peerEnded, .writable])
    }

    /// Drops what the client sends; returns false if the client has left.
    private func discardInput() -> Bool {
        switch descriptor?.receive(into: &Poller.shared.scratch) {
        case .bytes, .wouldBlock: return true
        case .end, .failed, nil: return false
        }
    }
}
