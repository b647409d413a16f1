package import Deployments
internal import Metrics
internal import Synchronization

/// Commits a group of changes, on a thread of its own.
package protocol StoreWriter: Actor {
    /// Commits the changes in one transaction and returns, for each, its commit or the reason why
    /// it was refused. Throws if the transaction failed; then nothing has changed.
    func commit(
        _ changes: [Change],
        _ durability: Durability
    ) throws(JournalError) -> [Result<Commit, JournalError>]
}

/// Commits the changes of its callers in the order of their calls, and publishes them.
///
/// All waiting changes go into one transaction, which is durable if any of them must be. A caller
/// waits for its own commit, so no more changes can wait than there are callers.
package final class GroupWriter<Writer: StoreWriter>: Sendable {
    /// The greatest number of changes in one transaction.
    private static var groupLimit: Int { 256 }

    private struct Waiting: Sendable {
        let change: Change
        let durability: Durability
        let done: CheckedContinuation<Result<StoredEvent, JournalError>, Never>
    }

    private struct Inbox {
        var waiting: [Waiting] = []
        /// Whether the waiting changes are being committed.
        var isDraining = false
        var isClosed = false
        /// The caller of `close`, who waits for that to end.
        var closer: CheckedContinuation<Void, Never>?
    }

    private let writer: Writer
    private let publisher: CommitPublisher
    private let inbox = Mutex(Inbox())
    private let tally = Mutex(CommitStatistics())

    package init(_ writer: Writer, publisher: CommitPublisher) {
        self.writer = writer
        self.publisher = publisher
    }

    /// The statistics of the commits so far.
    package var statistics: CommitStatistics { tally.withLock { $0 } }

    /// Commits a change; returns once all readers of the commits have handled it.
    package func submit(
        _ change: Change,
        _ durability: Durability
    ) async throws(JournalError) -> StoredEvent {
        let result = await withCheckedContinuation { done in
            let waiting = Waiting(change: change, durability: durability, done: done)
            let (isClosed, mustDrain) = inbox.withLock { inbox in
                guard !inbox.isClosed else { return (true, false) }
                inbox.waiting.append(waiting)
                defer { inbox.isDraining = true }
                return (false, !inbox.isDraining)
            }
            if isClosed { done.resume(returning: .failure(.closed("commit events"))) }
            // The task ends once nothing waits; `close` waits for that.
            if mustDrain { Task { await drain(on: writer) } }
        }
        return try result.get()
    }

    /// Commits the changes that wait, and accepts no more.
    package func close() async {
        await withCheckedContinuation { continuation in
            let isDraining = inbox.withLock { inbox in
                inbox.isClosed = true
                if inbox.isDraining { inbox.closer = continuation }
                return inbox.isDraining
            }
            if !isDraining { continuation.resume() }
        }
    }

    /// Commits the waiting changes until none is left.
    private func drain(on writer: isolated Writer) async {
        while true {
            let (group, closer) = inbox.withLock { inbox in
                let group = Array(inbox.waiting.prefix(Self.groupLimit))
                inbox.waiting.removeFirst(group.count)
                inbox.isDraining = !group.isEmpty
                return (group, group.isEmpty ? inbox.closer.take() : nil)
            }
            closer?.resume()
            guard !group.isEmpty else { return }
            await commit(group, on: writer)
        }
    }

    private func commit(_ group: [Waiting], on writer: isolated Writer) async {
        let durable = group.contains { $0.durability == .durable }
        let begun = ContinuousClock.now
        do throws(JournalError) {
            let results = try writer.commit(group.map(\.change), durable ? .durable : .grouped)
            let time = ContinuousClock.now - begun
            let committed = results.compactMap { try? $0.get() }
            if !committed.isEmpty {
                tally.withLock { $0.times.observe(time) }
                await publisher.publish(committed)
            }
            for (waiting, result) in zip(group, results) {
                waiting.done.resume(returning: result.map(\.event))
            }
        } catch {
            tally.withLock { $0.failures += 1 }
            if group.count == 1 {
                group[0].done.resume(returning: .failure(error))
            } else {
                // A single change may be the cause, so each is committed by itself.
                for waiting in group { await commit([waiting], on: writer) }
            }
        }
    }
}
