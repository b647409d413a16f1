public import Deployments
import HTTP
public import Journal
import Synchronization
import Threads

/// Streams the events of deployments. Each deployment that has not ended has a channel that
/// receives its commits, and a list of requests that wait for its next event.
public final class DeploymentStreams: Sendable {
    private let journal: any EventLog
    private let state = Mutex(State())

    private struct State {
        var channels: [DeploymentID: EventChannel] = [:]
        var waiters: [DeploymentID: [UInt64: AsyncStream<Void>.Continuation]] = [:]
        var lastWaiter: UInt64 = 0
    }

    /// Creates the streams of a journal. The caller must pass its commits to `publish`.
    public init(journal: any EventLog) {
        self.journal = journal
    }

    /// Handles events that were just committed, in their order.
    public func publish(_ events: [StoredEvent]) {
        for event in events {
            // Events after the final one belong to no stream.
            guard case .progress = event.kind else { continue }
            let (live, waiters) = state.withLock { state in
                let id = event.deploymentID
                let live = state.channels[id] ?? channel(id, after: event.id - 1)
                state.channels[id] = event.isFinal ? nil : live
                return (live, Array((state.waiters[id] ?? [:]).values))
            }
            live.publish([StreamedEvent(id: event.id, data: event.text)])
            if event.isFinal { live.finish() }
            for waiter in waiters { waiter.yield() }
        }
    }

    /// Subscribes to the events of the deployment after a given one, stored and new; nil for an
    /// unknown deployment.
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
        // The deployment has not ended and has no channel, so no event of it has been published
        // since the start.
        let live = state.withLock { state in
            let live = state.channels[id] ?? channel(id, after: last)
            state.channels[id] = live
            return live
        }
        // It may have ended after the journal was read and before the channel was created.
        if let now = try await journal.latest(of: id), now.isFinal {
            live.finish()
            state.withLock { state in
                if state.channels[id] === live { state.channels[id] = nil }
            }
        }
        return EventSubscription(channel: live, after: after)
    }

    /// The newest event of the deployment. Waits for one after `after` until the deployment has
    /// ended or the time is over; nil for an unknown deployment.
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
            // If the journal cannot be read now, it is read again when the client comes back.
            let events = try? await journal.events(
                of: id,
                after: after,
                limit: 1000,
                maxBytes: maxBytes
            )
            return events.map { EventPage($0.map { StreamedEvent(id: $0.id, data: $0.text) }) }
        }
    }
}
