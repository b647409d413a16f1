package import Foundation
import Glibc
import Synchronization

extension Process {
    private static let turns = StartTurns()
    /// By this a thread is marked that has a run loop.
    private static let preparedKey = "slipway.prepared"

    /// Makes the thread's run loop, which `run` needs. Foundation ends the program if there are no
    /// descriptors for it, so the threads that start processes are prepared while there are some.
    static func prepareThread() {
        _ = RunLoop.current
        Thread.current.threadDictionary[preparedKey] = true
    }

    private static var isThreadPrepared: Bool {
        Thread.current.threadDictionary[preparedKey] != nil
    }

    /// Runs it: one at a time, for Foundation's own start is not safe from several threads, and
    /// whatever the number of open descriptors. Waits for the file system that holds the program.
    package func start() throws {
        try checkProgram()
        try Self.turns.take {
            try Self.reserveDescriptors(Self.isThreadPrepared ? 8 : 24)
            Self.prepareThread()
            Self.makeRoom()
            try run()
        }
    }

    /// Throws if the kernel would not take the file for a program.
    ///
    /// Where a process cannot be made once `run` has begun, it leaves two descriptors behind.
    private func checkProgram() throws {
        guard let path = executableURL?.path else { return }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        // One that may not be read may still be run, and one that is not there `run` tells.
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let head = unsafe [UInt8](unsafeUninitializedCapacity: 256) { buffer, count in
            count = unsafe max(0, read(descriptor, buffer.baseAddress, buffer.count))
        }
        if head.starts(with: [0x7F, 0x45, 0x4C, 0x46]) { return }
        guard head.starts(with: "#!".utf8) else { throw POSIXError(.ENOEXEC) }
        let line = head.dropFirst(2).prefix { $0 != 0x0A }.drop { $0 == 0x20 || $0 == 0x09 }
        let interpreter = line.prefix { $0 != 0x20 && $0 != 0x09 }
        let program = String(decoding: interpreter, as: UTF8.self)
        guard unsafe access(program, X_OK) == 0 else { throw POSIXError(.ENOENT) }
    }

    /// Throws unless this many more descriptors can be opened: as many as a start takes.
    ///
    /// `run` does not look whether it got the two it asks for. Where it did not, it closes number 0,
    /// which the next to open a file or to accept a connection gets, and then loses to it.
    private static func reserveDescriptors(_ count: Int) throws {
        let more = (0..<count).map { _ in unsafe open("/dev/null", O_RDONLY | O_CLOEXEC) }
        for descriptor in more where descriptor >= 0 { close(descriptor) }
        guard more.allSatisfy({ $0 >= 0 }) else {
            throw CocoaError(
                .fileReadUnknown,
                userInfo: [NSLocalizedDescriptionKey: "too many files are open"]
            )
        }
    }

    /// Sees to it that this thread's heap does not end right after what is allocated next.
    ///
    /// To learn which descriptors are open, `run` reads a folder, and copies 256 bytes from where
    /// each name begins, however short it is. With some 1,350 descriptors open the last names
    /// stand at the end of what was read, and the program would die where the heap ends there.
    private static func makeRoom() {
        // Several: one alone may find room in the midst of the heap.
        let blocks = unsafe (0..<4).map { _ in unsafe malloc(100 << 10) }
        unsafe blocks.forEach { unsafe free($0) }
    }
}

/// Lets one thread at a time start a process, but does not wait for ever for one that the kernel
/// holds: a start that hangs loses its turn.
///
/// By then it is past what is not safe. Two that start at once may hand each other's descriptors to
/// their children, and Foundation would be told of the one's end only with the other's.
private final class StartTurns: @unchecked Sendable {
    /// How long a start may take before the next one goes on without it, in seconds.
    private static let patience = 2.0

    private final class Turn {}

    private let condition = NSCondition()
    /// Whose turn it is; only to be used under the condition's lock.
    private var holder: Turn?

    func take<Value>(_ body: () throws -> Value) rethrows -> Value {
        let turn = Turn()
        wait(for: turn)
        defer { end(turn) }
        return try body()
    }

    private func wait(for turn: Turn) {
        condition.lock()
        defer { condition.unlock() }
        var seen: Turn?
        var limit = Date.distantPast
        while let present = holder {
            if present !== seen {
                seen = present
                limit = Date(timeIntervalSinceNow: Self.patience)
            }
            if !condition.wait(until: limit), holder === present { break }
        }
        holder = turn
    }

    private func end(_ turn: Turn) {
        condition.lock()
        defer { condition.unlock() }
        // Another has it where this one took too long.
        guard holder === turn else { return }
        holder = nil
        condition.signal()
    }
}
