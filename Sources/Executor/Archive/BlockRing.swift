import Dispatch
import Streams
import Synchronization
import Threads

/// A few blocks of memory that circulate: each is filled, then read by several readers at once, then filled
/// again. So nobody can get ahead of the slowest one by more than these blocks.
final class BlockRing: Sendable {
    /// A block, with the number of readers that have not finished it.
    final class Block: Sendable {
        let bytes: ByteBlock
        fileprivate let readers = Atomic(0)

        fileprivate init(capacity: Int) { bytes = ByteBlock(capacity: capacity) }
    }

    private let free = Queue()
    private let filled: [Queue]

    /// - Parameters:
    ///   - blocks: the number of blocks.
    ///   - capacity: the number of bytes of each block.
    ///   - readers: the number of readers of each block.
    init(blocks: Int, capacity: Int, readers: Int) {
        filled = (0..<readers).map { _ in Queue() }
        for _ in 0..<blocks { free.add(Block(capacity: capacity)) }
    }

    /// The next free block; nil if the task is cancelled.
    func empty() async -> Block? {
        let block = await free.next()
        block?.bytes.removeAll()
        return block
    }

    /// Passes a filled block to all readers.
    func handOn(_ block: Block) {
        block.readers.store(filled.count, ordering: .relaxed)
        for queue in filled { queue.add(block) }
    }

    /// Notes that no more blocks are filled.
    func finish() {
        for queue in filled { queue.finish() }
    }

    /// The next block for the reader with that number; nil at the end, or if the task is cancelled.
    func next(for reader: Int) async -> Block? { await filled[reader].next() }

    /// Notes that a reader has finished a block.
    func done(_ block: Block) {
        let left = block.readers.subtract(1, ordering: .acquiringAndReleasing).newValue
        if left == 0 { free.add(block) }
    }

    /// Reads a block, and those that arrive meanwhile, on the calling thread. Waking another thread for
    /// each block would take half as long as reading it.
    ///
    /// - Parameter time: how long this may take, since others wait for the thread.
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

/// The blocks that wait for one reader, or for being filled.
private final class Queue: Sendable {
    private struct State {
        var blocks: [BlockRing.Block] = []
        var isFinished = false
        /// The task that waits for the next block.
        var waiting: CheckedContinuation<BlockRing.Block?, Never>?
        /// Whether a thread waits for the next block.
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

    /// Waits briefly on the calling thread. Nil if no block has arrived by then, and at the end.
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

    /// The next block; nil at the end. If the task is cancelled, that is the end, after the blocks that are
    /// already there.
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
