internal import Glibc

/// A piece of memory that is filled and emptied by turns, so that bytes that only pass through are
/// copied as rarely as possible. A disk can write it directly (open(2), O_DIRECT).
///
/// After passing a block on, leave it alone until it comes back. Several readers may read it at
/// once.
@safe public final class ByteBlock: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    /// The number of bytes in the block.
    public private(set) var count = 0

    /// Creates an empty block. It takes memory only as far as it is filled, and the system gets all
    /// of that back at the block's end; the heap would keep it.
    ///
    /// - Parameter capacity: the number of bytes that the block holds.
    public init(capacity: Int) {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        let start = unsafe mmap(nil, capacity, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let start = unsafe start, unsafe start != UnsafeMutableRawPointer(bitPattern: -1)
        else { fatalError("no memory for \(capacity) bytes") }
        unsafe memory = UnsafeMutableRawBufferPointer(start: start, count: capacity)
    }

    deinit { unsafe munmap(memory.baseAddress, memory.count) }

    /// The number of bytes that still fit.
    public var room: Int { unsafe memory.count - count }

    /// Empties the block.
    public func removeAll() { count = 0 }

    /// Adds as many of the bytes as fit and returns their number.
    public func append(_ bytes: ArraySlice<UInt8>) -> Int {
        let taken = bytes.prefix(room)
        unsafe taken.withUnsafeBytes { taken in
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...])
            unsafe free.copyMemory(from: taken)
        }
        count += taken.count
        return taken.count
    }

    /// Lets `body` write up to `most` bytes into the free room. It returns the number of bytes that
    /// it has written, which may be 0.
    public func fill(
        atMost most: Int,
        _ body: (UnsafeMutableRawBufferPointer) -> Int
    ) {
        let end = count + min(most, room)
        let written = unsafe body(UnsafeMutableRawBufferPointer(rebasing: memory[count..<end]))
        precondition((0...end - count).contains(written), "more was written than fits")
        count += written
    }

    /// Calls `body` with the block's content.
    public func withBytes<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try unsafe body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }
}
