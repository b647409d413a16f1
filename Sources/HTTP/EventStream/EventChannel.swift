internal import Sockets
internal import Synchronization

/// A sequence of events that any number of responses stream.
///
/// An event is encoded once, and the same bytes go to every watcher. A watcher holds no copy of
/// what it has not sent, only its place: a position in the channel's memory, or, if it has fallen
/// behind that, the id after which `replay` goes on.
public final class EventChannel: Sendable {
    /// Reads stored events with a greater id, of about `maxBytes` at most; the page is empty if
    /// there are no more. Nil if they cannot be read: then the response ends, and the client
    /// connects again.
    public typealias Replay = @Sendable (_ after: Int64, _ maxBytes: Int) async -> EventPage?

    private struct Inbox {
        var bytes: [UInt8] = []
        var blocks: [EventBuffer.Appended] = []
        var isFinished = false
        var isPosted = false
    }

    private let inbox = Mutex(Inbox())
    private let watchers = Atomic<Int>(0)
    let replay: Replay
    let heartbeat: (@Sendable () -> String)?
    let subscribers: Subscribers

    /// Creates a channel whose next event has an id greater than `startingAfter`.
    /// - Parameters:
    ///   - startingAfter: Events up to this id come from `replay`.
    ///   - retainedBytes: The number of bytes kept in memory for watchers that are behind or come
    ///     back.
    ///   - heartbeat: The data of a block without an id to send after silence. If it is nil, a
    ///     comment is sent.
    ///   - onIdle: Called when the channel is finished and has no watcher, and again if another
    ///     watcher has come and left after that. It is called on the event loop and must not block.
    ///   - replay: Reads what memory does not hold. There is one call at a time for each watcher.
    public init(
        startingAfter: Int64,
        retainedBytes: Int = 262_144,
        heartbeat: (@Sendable () -> String)? = nil,
        onIdle: (@Sendable () -> Void)? = nil,
        replay: @escaping Replay
    ) {
        self.replay = replay
        self.heartbeat = heartbeat
        subscribers = Subscribers(
            log: EventBuffer(startingAfter: startingAfter),
            retainedBytes: retainedBytes,
            onIdle: onIdle
        )
    }

    /// Sends events to all watchers. Ids must ascend over all calls, and events that share an id
    /// must come in one call. May be called from any thread.
    public func publish(_ blocks: [StreamedEvent]) {
        guard !blocks.isEmpty else { return }
        post { inbox in
            for block in blocks {
                EventFraming.append(block, to: &inbox.bytes)
                inbox.blocks.append((block.id, inbox.bytes.count, block.key))
            }
        }
    }

    /// Ends the responses once they have sent everything. May be called from any thread.
    public func finish() {
        post { $0.isFinished = true }
    }

    /// The number of responses that stream the channel. May be read from any thread.
    public var watcherCount: Int { watchers.load(ordering: .relaxed) }

    func countWatcher(_ change: Int) {
        watchers.add(change, ordering: .relaxed)
    }

    /// Changes the inbox, and posts its handling to the loop if that has not been done yet.
    private func post(_ change: (inout Inbox) -> Void) {
        let mustPost = inbox.withLock { inbox in
            change(&inbox)
            defer { inbox.isPosted = true }
            return !inbox.isPosted
        }
        if mustPost { EventLoop.post { self.fetch() } }
    }

    /// Takes over what was published. The watchers are served at the end of the turn.
    @EventLoop
    private func fetch() {
        let fetched = inbox.withLock { inbox in
            defer { inbox = Inbox(isFinished: inbox.isFinished) }
            return inbox
        }
        subscribers.append(fetched.bytes, fetched.blocks, isFinished: fetched.isFinished)
    }
}
