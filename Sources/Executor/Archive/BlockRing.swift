import Dispatch
import Streams
import Synchronization
import Threads

/// A few blocks of memory that go round: each is filled, then read by several at once, then filled again.
/// So nobody is ahead of the slowest by more than they hold.
final class BlockRing: Sendable {
    /// A block, with how many still read it.
    final class Block: Sendable {
        let bytes: ByteBlock
        fileprivate let readers = Atomic(0)

        fileprivate init(capacity: Int) { bytes = ByteBlock(capacity: capacity) }
    }

    private let free = Queue()
    private let filled: [Queue]

    /// - Parameters:
    ///   - blocks: how many there are.
    ///   - capacity: how many bytes each of them holds.
    ///   - readers: how many read each block.
    init(blocks: Int, capacity: Int, readers: Int) {
        filled = (0..<readers).map { _ in Queue() }
        for _ in 0..<blocks { free.add(Block(capacity: capacity)) }
    }

    /// A block to be filled, once there is one; nil where the task is cancelled.
    func empty() async -> Block? {
        let block = await free.next()
        block?.bytes.removeAll()
        return block
    }

    /// Gives a block that was filled to its readers.
    func handOn(_ block: Block) {
        block.readers.store(filled.count, ordering: .relaxed)
        for queue in filled { queue.add(block) }
    }

    /// Nothing more is filled.
    func finish() {
        for queue in filled { queue.finish() }
    }

    /// The next block for the reader of that number; nil at the end, and where the task is cancelled.
    func next(for reader: Int) async -> Block? { await filled[reader].next() }

    /// A reader is done with a block.
    func done(_ block: Block) {
        let left = block.readers.subtract(1, ordering: .acquiringAndReleasing).newValue
        if left == 0 { free.add(block) }
    }

    /// Reads a block, and those that come meanwhile, on the calling thread: to have another thread begin
    /// with each would take half as long as to read it.
    ///
    /// - Parameter time: how long it goes on, as others wait for the thread.
    func read(
        _ block: Block,
        as reader: Int,
        for time: Duration,
        _ abandonment: BlockingThreads.Abandonment,
        _ body: (ByteBlock) throws -> Void
    ) throws {
        let end = ContinuousClock.now + time
        var next: Block? = block
        while let block = next {
            try body(block.bytes)
            done(block)
            guard !abandonment.isAbandoned, .now < end else { return }
            next = filled[reader].nextSoon()
        }
    }
}

/// Blocks that wait for somebody.
private final class Queue: Sendable {
    private struct State {
        var blocks: [BlockRing.Block] = []
        var isFinished = false
        /// The task that waits for the next.
        var waiting: CheckedContinuation<BlockRing.Block?, Never>?
        /// Whether a thread does.
        var isWaitedForSoon = false

        mutating func next() -> BlockRing.Block? { blocks.isEmpty ? nil : blocks.removeFirst() }
    }

    private let state = Mutex(State())
    private let arrivals = DispatchSemaphore(value: 0)

    func add(_ block: BlockRing.Block) {
        let waiting = state.withLock { state in
            let waiting = state.waiting.take()
            if waiting == nil { state.blocks.append(block) }
            wake(&state)
            return waiting
        }
        waiting?.resume(returning: block)
    }

    func finish() {
        let waiting = state.withLock { state in
            state.isFinished = true
            wake(&state)
            return state.waiting.take()
        }
        waiting?.resume(returning: nil)
    }

    private func wake(_ state: inout State) {
        if state.isWaitedForSoon { arrivals.signal() }
        state.isWaitedForSoon = false
    }

    /// Waits for a moment, on the calling thread; nil where none has come then, and at the end.
    func nextSoon() -> BlockRing.Block? {
        let (block, isToCome) = state.withLock { state in
            let block = state.next()
            state.isWaitedForSoon = block == nil && !state.isFinished
            return (block, state.isWaitedForSoon)
        }
        guard isToCome else { return block }
        _ = arrivals.wait(timeout: .now() + .milliseconds(5))
        return state.withLock { state in
            state.isWaitedForSoon = false
            return state.next()
        }
    }

    /// Nil at the end. That a task is cancelled is an end too, behind what is there already.
    func next() async -> BlockRing.Block? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ready: BlockRing.Block?? = state.withLock { state in
                    if let block = state.next() { return block }
                    if state.isFinished { return .some(nil) }
                    state.waiting = continuation
                    return nil
                }
                if let ready { continuation.resume(returning: ready) }
            }
        } onCancel: {
            finish()
        }
    }
}
