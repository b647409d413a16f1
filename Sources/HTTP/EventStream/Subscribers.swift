internal import Sockets

/// The log and the watchers of a channel, on the loop.
@EventLoop
final class Subscribers {
    private(set) var log: EventBuffer
    private(set) var isFinished = false
    private var watchers: [EventStreamConnection] = []
    private let retainedBytes: Int
    private let onIdle: (@Sendable () -> Void)?
    /// The number of watchers that are served in one turn. Between turns, requests are answered,
    /// and events that come meanwhile go out together with earlier ones.
    private static let share = 128
    private var isFlushDue = false
    /// The watchers before this index have not been served since the newest event of the round.
    private var unserved = 0
    /// Whether events have come that the watchers served earlier in this round have not got.
    private var needsAnotherRound = false
    /// The newest result of `count`. Most watchers go from the same position to the same next one.
    private var counted = (from: 0, to: 0, count: 0)

    nonisolated init(log: EventBuffer, retainedBytes: Int, onIdle: (@Sendable () -> Void)?) {
        self.log = log
        self.retainedBytes = retainedBytes
        self.onIdle = onIdle
    }

    func append(_ bytes: [UInt8], _ blocks: [EventBuffer.Appended], isFinished: Bool) {
        log.append(bytes, blocks)
        self.isFinished = self.isFinished || isFinished
        // A turn makes one send for each watcher, however many events it brings.
        needsAnotherRound = true
        guard !isFlushDue else { return }
        isFlushDue = true
        Poller.shared.atEndOfTurn { self.flush() }
    }

    /// The number of events that end after the first position and not after the second.
    func count(from: Int, to: Int) -> Int {
        if counted.from != from || counted.to != to {
            counted = (from, to, log.count(from: from, to: to))
        }
        return counted.count
    }

    func join(_ watcher: EventStreamConnection) {
        watcher.index = Int32(watchers.count)
        watchers.append(watcher)
        watcher.channel.countWatcher(1)
    }

    func leave(_ watcher: EventStreamConnection) {
        let index = Int(watcher.index)
        guard index >= 0 else { return }
        watcher.index = -1
        let last = watchers.removeLast()
        if last !== watcher {
            watchers[index] = last
            last.index = Int32(index)
        }
        watcher.channel.countWatcher(-1)
        reportIdle()
    }

    private func flush() {
        if unserved == 0 {
            unserved = watchers.count
            needsAnotherRound = false
        }
        // The round goes from the back, because a watcher that leaves is replaced by one that has
        // been served.
        var left = Self.share
        while left > 0, unserved > 0 {
            left -= serveAlike(left)
            guard left > 0, unserved > 0 else { break }
            unserved -= 1
            left -= 1
            if unserved < watchers.count { watchers[unserved].pump() }
        }
        if unserved == 0 { trim() }
        guard unserved == 0, !needsAnotherRound else {
            Poller.shared.atEndOfTurn { self.flush() }
            return
        }
        isFlushDue = false
        reportIdle()
    }

    /// Serves at most `most` watchers that go from one position in the log to its end, with only a
    /// system call for each. Stops at the first that needs more. Returns the number of served
    /// watchers.
    private func serveAlike(_ most: Int) -> Int {
        // After the last event, each watcher also has to end its stream.
        guard !isFinished, unserved <= watchers.count, let first = watchers[..<unserved].last,
            let place = first.placeInLog, place < log.end
        else { return 0 }
        let server = first.server
        let share = watchers[max(0, unserved - most)..<unserved]
        let indices = log.indices(from: place)
        let served = unsafe log.bytes.withUnsafeBytes { bytes in
            let news = unsafe UnsafeRawBufferPointer(rebasing: bytes[indices])
            return unsafe share.withUnsafeBufferPointer { share in
                var served = 0
                while served < share.count,
                    unsafe share[share.count - 1 - served].follow(news, from: place)
                { served += 1 }
                return served
            }
        }
        unserved -= served
        server.tally.delivered += served * count(from: place, to: log.end)
        return served
    }

    /// Shortens the log. Watchers that are still behind go on from their id.
    private func trim() {
        // A quarter of slack makes it cheap to move what is kept.
        guard log.bytes.count > retainedBytes else { return }
        let start = log.startWhenKeeping(retainedBytes - retainedBytes / 4)
        for watcher in watchers { watcher.prepareForTrim(to: start) }
        log.drop(before: start)
    }

    private func reportIdle() {
        if isFinished, watchers.isEmpty { onIdle?() }
    }
}
