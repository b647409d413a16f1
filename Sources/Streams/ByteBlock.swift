internal import Glibc

/// Memory that is filled and emptied by turns, so that bytes which only pass through are copied no more
/// often than they must be. A disk can write it as it lies there (open(2), O_DIRECT).
///
/// Who hands it on leaves it alone until it comes back; several may read it at once.
@safe public final class ByteBlock: @unchecked Sendable {
    private let memory: UnsafeMutableRawBufferPointer
    /// How many bytes are in it.
    public private(set) var count = 0

    /// An empty block. It takes memory only as far as it is filled, and all of that goes back to the
    /// system with it, which the heap would keep.
    ///
    /// - Parameter capacity: how many bytes it holds.
    public init(capacity: Int) {
        let flags = MAP_PRIVATE | MAP_ANONYMOUS
        let start = unsafe mmap(nil, capacity, PROT_READ | PROT_WRITE, flags, -1, 0)
        guard let start = unsafe start, unsafe start != UnsafeMutableRawPointer(bitPattern: -1)
        else { fatalError("no memory for \(capacity) bytes") }
        unsafe memory = UnsafeMutableRawBufferPointer(start: start, count: capacity)
    }

    deinit { unsafe munmap(memory.baseAddress, memory.count) }

    /// How many bytes still fit.
    public var room: Int { unsafe memory.count - count }

    /// Lets go of what is in it.
    public func removeAll() { count = 0 }

    /// Adds as many of the bytes as fit; gives how many those are.
    public func append(_ bytes: ArraySlice<UInt8>) -> Int {
        let taken = bytes.prefix(room)
        unsafe taken.withUnsafeBytes { taken in
            let free = unsafe UnsafeMutableRawBufferPointer(rebasing: memory[count...])
            unsafe free.copyMemory(from: taken)
        }
        count += taken.count
        return taken.count
    }

    /// Has `body` write to the room that is left, at most to so many bytes of it. It gives how many bytes
    /// it has written, of which there may be none.
    public func fill(
        atMost most: Int,
        _ body: (UnsafeMutableRawBufferPointer) -> Int
    ) {
        let end = count + min(most, room)
        let written = unsafe body(UnsafeMutableRawBufferPointer(rebasing: memory[count..<end]))
        precondition((0...end - count).contains(written), "more than there is room for")
        count += written
    }

    /// Gives `body` what is in it.
    public func withBytes<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try unsafe body(UnsafeRawBufferPointer(rebasing: memory[..<count]))
    }
}
