internal import Sockets

/// A connection that streams a channel's events. Idle, it is this object and nothing else.
@EventLoop
final class Watcher: PollTarget {
    private enum Phase: UInt8 {
        /// The next bytes lie in the log at `place`.
        case following
        /// As following, but it was blocked and has not caught up since: it is not sent what is
        /// worthless by now.
        case lagging
        /// The next event is the first with an id greater than `place`; perhaps not there yet.
        case behind
        /// As behind, and a page of `replay` is on its way.
        case fetching
        /// What is pending is the last.
        case ending
    }

    /// As much as a watcher that does not read may hold of a replay.
    static let pageBytes = 16_384

    // What every event needs comes first: it shares a line of the processor's cache.
    /// A position in the log, or an id; see the phase.
    private var place: Int64
    /// Bytes of this watcher alone: its head, a page, the rest of an event that left the log.
    private var pending: [UInt8]
    private var phase = Phase.behind
    private let isChunked: Bool
    /// Whether the first event has been sent, and with it the line `retry`.
    private var hasBegun = false
    private var isBlocked = false
    private var pendingStart: Int32 = 0
    let server: ServerCore
    let channel: EventChannel
    let group: StreamGroup?
    /// Held until the end.
    private var slot: StreamPermit?
    /// Whom the connection is counted for; 0 for nobody.
    let network: UInt64
    /// The place in the audience; -1 outside of it.
    var index: Int32 = -1
    /// The place among the server's streams.
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

    private var audience: EventAudience { channel.audience }
    private var isInLog: Bool { phase == .following || phase == .lagging }

    /// Begins; the connection's registration has passed to this target.
    func start() {
        audience.join(self)
        watch(for: [.readable, .peerEnded])
        setDeadline(in: server.timeouts.heartbeat)
        pump()
    }

    override func ready(_ readiness: Readiness) {
        if !readiness.isDisjoint(with: [.failed, .hungUp, .peerEnded]) {
            // An event stream's client has nothing to say: the end of its side is its leaving.
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

    /// The silence has lasted long enough for a heartbeat.
    override func deadlineReached() {
        if phase == .ending {
            leave()
            return
        }
        setDeadline(in: server.timeouts.heartbeat)
        // A client that does not take what it has needs no sign of life.
        guard !isBlocked, pending.isEmpty else { return }
        add(channel.heartbeat.map { EventFraming.unnumbered($0()) } ?? EventFraming.heartbeat)
        pump()
    }

    /// Sends whatever there is until there is no more of it or no room for it.
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
                if position == audience.log.end {
                    guard audience.isFinished else { return }
                    end()
                } else if hasBegun && isChunked {
                    sendLog(from: position)
                } else {
                    copyLog(from: position)
                }
            }
        }
    }

    /// Where it goes on in the log, if it needs nothing but the log's bytes from there on.
    var placeInLog: Int? {
        let isAlike = phase == .following && hasBegun && isChunked && !isBlocked && pending.isEmpty
        return isAlike ? Int(place) : nil
    }

    /// Sends the bytes from that place of the log to its end, if it is there and needs nothing else.
    /// False if they have not gone out as a whole: `pump` goes on. The caller counts the events.
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

    /// Ends the stream: what is under way, a comment, the end of the content.
    func end(comment: String? = nil) {
        guard phase != .ending else { return }
        if isInLog, pending.isEmpty, isChunked {
            // Part of an event may have been sent.
            let event = audience.log.event(before: Int(place))
            if event.end > Int(place) { keepRest(until: event.end) }
        }
        if let comment { add(EventFraming.comment(comment)) }
        if isChunked { pending += EventFraming.end }
        phase = .ending
        setDeadline(in: server.timeouts.stop)
        pump()
    }

    /// Holds on to what the log is about to lose: the rest of an event that has been begun.
    func prepareForTrim(to start: Int) {
        guard isInLog, Int(place) < start else { return }
        let event = audience.log.event(before: Int(place))
        if event.end > Int(place) { keepRest(until: event.end) }
        place = event.id
        phase = .behind
    }

    /// Closes, wherever it stands.
    func leave() {
        guard descriptor != nil else { return }
        close()
        audience.leave(self)
        slot = nil
        server.streamEnded(self)
    }

    private func keepRest(until end: Int) {
        server.tally.delivered += audience.count(from: Int(place), to: end)
        let indices = audience.log.indices(from: Int(place))
        append(audience.log.bytes[indices.prefix(end - Int(place))])
    }

    /// Finds the place in the log or asks for a page; false if there is nothing to do for now.
    private func catchUp() -> Bool {
        let log = audience.log
        if place < log.floor {
            fetch()
            return false
        }
        if let position = log.position(after: place) {
            place = Int64(position)
            phase = .following
            return true
        }
        guard audience.isFinished else { return false }
        end()
        return true
    }

    private func fetch() {
        phase = .fetching
        server.pages.enter { self.fetchPage() }
    }

    private func fetchPage() {
        let (channel, after) = (channel, place)
        // Ends by itself: `deliver` drops the page of a watcher that has left meanwhile.
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
            // The page itself, which others may hold too, if nothing stands before it.
            if isChunked, pending.isEmpty { pending = page.bytes } else { append(page.bytes[...]) }
        } else {
            // A store without anything newer has, after all, nothing that memory lacks.
            place = max(place, audience.log.floor)
        }
        pump()
    }

    private func begin() {
        guard !hasBegun else { return }
        hasBegun = true
        add(EventFraming.retry)
    }

    /// Adds chunks of whole blocks, in the client's own framing.
    private func add(_ chunks: [UInt8]) {
        append(chunks[...])
    }

    private func append(_ chunks: ArraySlice<UInt8>) {
        pending += isChunked ? Array(chunks) : EventFraming.unframed(chunks)
    }

    private func copyLog(from position: Int) {
        begin()
        let log = audience.log
        let indices =
            phase == .lagging ? log.neededIndices(from: position) : log.indices(from: position)
        append(log.bytes[indices])
        spare(from: position, to: log.start + indices.lowerBound)
        went(to: log.start + indices.upperBound)
        if Int(place) == log.end { phase = .following }
    }

    private func sendLog(from position: Int) {
        guard phase == .lagging else {
            let indices = audience.log.indices(from: position)
            let result = descriptor?.send(audience.log.bytes, indices)
            if let count = taken(result, of: indices.count) { went(to: position + count) }
            return
        }
        let indices = audience.log.neededIndices(from: position)
        spare(from: position, to: audience.log.start + indices.lowerBound)
        if !indices.isEmpty {
            let result = descriptor?.send(audience.log.bytes, indices)
            if let count = taken(result, of: indices.count) { went(to: Int(place) + count) }
        }
        if phase == .lagging, Int(place) == audience.log.end { phase = .following }
    }

    /// The log's bytes up to the position have gone out, or are pending.
    private func went(to position: Int) {
        server.tally.delivered += audience.count(from: Int(place), to: position)
        place = Int64(position)
    }

    /// What lies between the positions is not sent.
    private func spare(from: Int, to: Int) {
        place = Int64(to)
        if to != from { server.tally.collapsed += audience.count(from: from, to: to) }
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

    /// How many bytes went out; nil if none did.
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

    /// Drops what the client says; false when it has left.
    private func discardInput() -> Bool {
        switch descriptor?.receive(into: &Poller.shared.scratch) {
        case .bytes, .wouldBlock: return true
        case .end, .failed, nil: return false
        }
    }
}
