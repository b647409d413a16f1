internal import Synchronization

/// The commits in the order of their ids, with one group for each transaction.
///
/// The sequence begins with the call that returned it and ends when the journal is closed. It is
/// for one reader, who must be quick and must not wait for the journal: until the reader asks for
/// more, the next group is not committed and no caller's commit returns. Dropping the sequence, or
/// cancelling the task that reads it, ends this.
public struct CommitSequence: AsyncSequence, Sendable {
    /// The commits of one transaction.
    public typealias Element = [Commit]

    private let handle: Handle

    /// Ends the reading when its last holder is gone.
    fileprivate final class Handle: Sendable {
        let reader: CommitReader

        init(_ reader: CommitReader) {
            self.reader = reader
        }

        deinit {
            reader.end()
        }
    }

    fileprivate init(_ reader: CommitReader) {
        handle = Handle(reader)
    }

    /// Reads the groups.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        /// The handle of the sequence, which may itself be gone.
        fileprivate let handle: Handle
        /// The handle of this iterator; the reading ends with it.
        fileprivate let end: Handle

        /// The next group; nil once the journal is closed.
        public mutating func next() async -> [Commit]? {
            let reader = handle.reader
            return await withTaskCancellationHandler {
                await reader.next()
            } onCancel: {
                reader.end()
            }
        }
    }

    /// The iterator for the only reader.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(handle: handle, end: Handle(handle.reader))
    }
}

/// Passes commits on to all readers.
package final class CommitPublisher: Sendable {
    /// The readers; nil after the end.
    private let readers = Mutex<[CommitReader]?>([])

    /// Creates a publisher without readers.
    package init() {}

    /// A sequence of everything that is published from now on.
    package func sequence() -> CommitSequence {
        let reader = CommitReader()
        let isOpen = readers.withLock { readers in
            readers?.append(reader)
            return readers != nil
        }
        if !isOpen { reader.end() }
        return CommitSequence(reader)
    }

    /// Passes a group to all readers and returns once they have handled it.
    package func publish(_ commits: [Commit]) async {
        let readers = readers.withLock { readers in
            readers?.removeAll(where: \.hasEnded)
            return readers ?? []
        }
        for reader in readers { reader.give(commits) }
        for reader in readers { await reader.dealtWith() }
    }

    /// Ends all sequences.
    package func finish() {
        for reader in readers.withLock({ $0.take() }) ?? [] { reader.end() }
    }
}

/// Passes one group at a time from the publisher to a reader.
private final class CommitReader: Sendable {
    private struct State {
        /// The group that was passed and not fetched yet.
        var group: [Commit]?
        /// Whether the reader has not come back since the latest group.
        var isBusy = false
        var hasEnded = false
        /// The reader, if it waits for the next group.
        var reader: CheckedContinuation<[Commit]?, Never>?
        /// The publisher, if it waits for the reader.
        var publisher: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func give(_ group: [Commit]) {
        let reader: CheckedContinuation<[Commit]?, Never>? = state.withLock { state in
            guard !state.hasEnded else { return nil }
            state.isBusy = true
            guard let reader = state.reader.take() else {
                state.group = group
                return nil
            }
            return reader
        }
        reader?.resume(returning: group)
    }

    func next() async -> [Commit]? {
        await withCheckedContinuation { continuation in
            let (publisher, mustWait, group) = state.withLock { state in
                let group = state.group.take()
                let mustWait = group == nil && !state.hasEnded
                if mustWait { state.reader = continuation }
                if group == nil { state.isBusy = false }
                return (group == nil ? state.publisher.take() : nil, mustWait, group)
            }
            publisher?.resume()
            if !mustWait { continuation.resume(returning: group) }
        }
    }

    /// Returns once the reader has asked for more or has ended.
    func dealtWith() async {
        await withCheckedContinuation { continuation in
            let isWaiting = state.withLock { state in
                guard state.isBusy, !state.hasEnded else { return false }
                state.publisher = continuation
                return true
            }
            if !isWaiting { continuation.resume() }
        }
    }

    func end() {
        let (reader, publisher) = state.withLock { state in
            state.hasEnded = true
            state.group = nil
            return (state.reader.take(), state.publisher.take())
        }
        reader?.resume(returning: nil)
        publisher?.resume()
    }
}
