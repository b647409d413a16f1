internal import Synchronization

/// What is committed, in the order of ids: a group for each transaction.
///
/// It begins with the call that gave it and ends when the journal is closed. It is for one reader, who
/// must be brief and must not wait for the journal: the next group is not committed, and nobody's call
/// returns, before the reader asks for more. Dropping the sequence, or cancelling the task that reads
/// it, ends that.
public struct CommitSequence: AsyncSequence, Sendable {
    /// One transaction's.
    public typealias Element = [Commit]

    private let handle: Handle

    /// Ends the reading once nobody can read any more.
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

    /// Reads on.
    public struct AsyncIterator: AsyncIteratorProtocol, Sendable {
        /// The sequence's, which may be gone.
        fileprivate let handle: Handle
        /// Its own: the reading ends with it.
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

    /// The one reader.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(handle: handle, end: Handle(handle.reader))
    }
}

/// Gives what is committed to all who read it.
package final class CommitPublisher: Sendable {
    /// Nil once there is nothing to read any more.
    private let readers = Mutex<[CommitReader]?>([])

    /// One to whom nobody listens yet.
    package init() {}

    /// Everything that is published from now on.
    package func sequence() -> CommitSequence {
        let reader = CommitReader()
        let isOpen = readers.withLock { readers in
            readers?.append(reader)
            return readers != nil
        }
        if !isOpen { reader.end() }
        return CommitSequence(reader)
    }

    /// Gives a group to all readers, and returns once they have dealt with it.
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

/// Hands one group at a time from the publisher to a reader.
private final class CommitReader: Sendable {
    private struct State {
        /// Given and not fetched.
        var group: [Commit]?
        /// Whether a group was given, and the reader has not come back since.
        var isBusy = false
        var hasEnded = false
        /// The reader, who waits for the next group.
        var reader: CheckedContinuation<[Commit]?, Never>?
        /// The publisher, who waits for the reader.
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

    /// Returns once the reader has come back for more, or has ended.
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
