public import Deployments
import HTTP
public import Journal
import Synchronization
import Threads

/// The live side of the journal: one channel for each deployment that has not ended, fed with what
/// is committed, and those who wait for a deployment's next event.
public final class DeploymentStreams: Sendable {
    private let journal: any EventLog
    private let state = Mutex(State())

    private struct State {
        var channels: [DeploymentID: EventChannel] = [:]
        var waiters: [DeploymentID: [UInt64: AsyncStream<Void>.Continuation]] = [:]
        var lastWaiter: UInt64 = 0
    }

    /// The live side of a journal whose commits `publish` is told of.
    public init(journal: any EventLog) {
        self.journal = journal
    }

    /// Takes events that have just been committed, in order.
    public func publish(_ events: [StoredEvent]) {
        for event in events {
            // What comes after the final event belongs to no stream.
            guard case .progress = event.kind else { continue }
            let (live, waiters) = state.withLock { state in
                let id = event.deploymentID
                let live = state.channels[id] ?? channel(id, after: event.id - 1)
                state.channels[id] = event.isFinal ? nil : live
                return (live, Array((state.waiters[id] ?? [:]).values))
            }
            live.publish([EventBlock(id: event.id, data: event.text)])
            if event.isFinal { live.finish() }
            for waiter in waiters { waiter.yield() }
        }
    }

    /// The deployment's events after one, and those to come; nil for an unknown deployment.
    func subscribe(
        to id: DeploymentID,
        after: Int64
    ) async throws(JournalError) -> EventSubscription? {
        if let channel = state.withLock({ $0.channels[id] }) {
            return EventSubscription(channel: channel, after: after)
        }
        let last = try await journal.lastEventID()
        guard let latest = try await journal.latest(of: id) else { return nil }
        if latest.isFinal {
            let channel = channel(id, after: latest.id)
            channel.finish()
            return EventSubscription(channel: channel, after: after)
        }
        // Not ended and without a channel: nothing has been published of it since the start.
        let live = state.withLock { state in
            let live = state.channels[id] ?? channel(id, after: last)
            state.channels[id] = live
            return live
        }
        // It may have ended between the look at the journal and the channel's making.
        if let now = try await journal.latest(of: id), now.isFinal {
            live.finish()
            state.withLock { state in
                if state.channels[id] === live { state.channels[id] = nil }
            }
        }
        return EventSubscription(channel: live, after: after)
    }

    /// The deployment's newest event. Waits for one after `after`, until the deployment has ended
    /// or the time is over; nil for an unknown deployment.
    func latest(
        of id: DeploymentID,
        after: Int64?,
        wait: Duration
    ) async throws(JournalError) -> StoredEvent? {
        guard let after, wait > .zero else { return try await journal.latest(of: id) }
        let (number, signals) = addWaiter(id)
        defer { removeWaiter(id, number) }
        let alarm = Alarm(after: wait) { [weak self] in self?.endWait(id, number) }
        defer { alarm.cancel() }
        while true {
            let latest = try await journal.latest(of: id)
            guard let event = latest, event.id <= after, !event.isFinal else { return latest }
            var wasSignalled = false
            for await _ in signals {
                wasSignalled = true
                break
            }
            if !wasSignalled { return event }
        }
    }

    private func addWaiter(_ id: DeploymentID) -> (UInt64, AsyncStream<Void>) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self,
            bufferingPolicy: .bufferingNewest(1)
        )
        let number = state.withLock { state in
            state.lastWaiter += 1
            state.waiters[id, default: [:]][state.lastWaiter] = continuation
            return state.lastWaiter
        }
        return (number, stream)
    }

    private func endWait(_ id: DeploymentID, _ number: UInt64) {
        state.withLock { $0.waiters[id]?[number] }?.finish()
    }

    private func removeWaiter(_ id: DeploymentID, _ number: UInt64) {
        state.withLock { state in
            state.waiters[id]?[number] = nil
            if state.waiters[id]?.isEmpty == true { state.waiters[id] = nil }
        }
    }

    private func channel(_ id: DeploymentID, after: Int64) -> EventChannel {
        let journal = journal
        return EventChannel(startingAfter: after) { after, maxBytes in
            // A journal that cannot be read now is read again when the client comes back.
            let events = try? await journal.events(
                of: id,
                after: after,
                limit: 1000,
                maxBytes: maxBytes
            )
            return events.map { EventPage($0.map { EventBlock(id: $0.id, data: $0.text) }) }
        }
    }
}
