internal import Sockets
internal import Synchronization

/// A sequence of events that any number of responses stream.
///
/// An event is encoded once and the same bytes go to every watcher. A watcher holds no copy of what
/// it has not taken: only its place, in the channel's memory or, when it has fallen out of that,
/// behind an id from which `replay` goes on.
public final class EventChannel: Sendable {
    /// Stored events with a greater id, of about so many bytes at most; none when there are no
    /// more. Nil if they cannot be read: then the response ends, and the client comes again.
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
    let audience: EventAudience

    /// A channel whose next event has an id greater than `startingAfter`.
    /// - Parameters:
    ///   - startingAfter: Events up to this id come from `replay`.
    ///   - retainedBytes: How much is kept in memory for watchers that are behind or come back.
    ///   - heartbeat: The data of a block without an id to send after silence; a comment if nil.
    ///   - onIdle: Called on the event loop, and so must not block, when the channel is finished
    ///     and has no watcher; again if one came and left after that.
    ///   - replay: Reads what memory does not hold; one call at a time for each watcher.
    public init(
        startingAfter: Int64,
        retainedBytes: Int = 262_144,
        heartbeat: (@Sendable () -> String)? = nil,
        onIdle: (@Sendable () -> Void)? = nil,
        replay: @escaping Replay
    ) {
        self.replay = replay
        self.heartbeat = heartbeat
        audience = EventAudience(
            log: EventBuffer(startingAfter: startingAfter),
            retainedBytes: retainedBytes,
            onIdle: onIdle
        )
    }

    /// Sends events to all watchers; from any thread. Ids ascend over all calls; events that share
    /// an id must come in one call.
    public func publish(_ blocks: [EventBlock]) {
        guard !blocks.isEmpty else { return }
        post { inbox in
            for block in blocks {
                EventFraming.append(block, to: &inbox.bytes)
                inbox.blocks.append((block.id, inbox.bytes.count, block.key))
            }
        }
    }

    /// Ends the responses once they have sent everything; from any thread.
    public func finish() {
        post { $0.isFinished = true }
    }

    /// How many responses stream the channel; from any thread.
    public var watcherCount: Int { watchers.load(ordering: .relaxed) }

    func countWatcher(_ change: Int) {
        watchers.add(change, ordering: .relaxed)
    }

    /// Adds to what the loop has not fetched yet, and calls for it unless it has been called.
    private func post(_ change: (inout Inbox) -> Void) {
        let mustPost = inbox.withLock { inbox in
            change(&inbox)
            defer { inbox.isPosted = true }
            return !inbox.isPosted
        }
        if mustPost { EventLoop.post { self.fetch() } }
    }

    /// Takes over what was published; the watchers are served at the turn's end.
    @EventLoop
    private func fetch() {
        let fetched = inbox.withLock { inbox in
            defer { inbox = Inbox(isFinished: inbox.isFinished) }
            return inbox
        }
        audience.append(fetched.bytes, fetched.blocks, isFinished: fetched.isFinished)
    }
}
