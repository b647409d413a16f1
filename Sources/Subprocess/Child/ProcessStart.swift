package import Foundation
import Glibc
import Synchronization

extension Process {
    private static let turns = StartTurns()
    /// The key that marks a thread which has a run loop.
    private static let preparedKey = "slipway.prepared"

    /// Creates the thread's run loop, which `run` needs. Foundation ends the program if there are no
    /// descriptors for it, so the threads that start processes are prepared while there are some.
    static func prepareThread() {
        _ = RunLoop.current
        Thread.current.threadDictionary[preparedKey] = true
    }

    private static var isThreadPrepared: Bool {
        Thread.current.threadDictionary[preparedKey] != nil
    }

    /// Starts the process. Only one is started at a time, because Foundation's `run` is not safe in several
    /// threads at once. It works with any number of open descriptors, and blocks while the file system that
    /// holds the program does not answer.
    package func start() throws {
        try checkProgram()
        try Self.turns.take {
            try Self.reserveDescriptors(Self.isThreadPrepared ? 8 : 24)
            Self.prepareThread()
            Self.makeRoom()
            try run()
        }
    }

    /// Throws if the kernel would not accept the file as a program.
    ///
    /// If `run` cannot make a process once it has begun, it leaks two descriptors.
    private func checkProgram() throws {
        guard let path = executableURL?.path else { return }
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        // A file that cannot be read may still be executable, and `run` reports one that does not exist.
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

    /// Throws unless this many more descriptors, as many as a start takes, can be opened.
    ///
    /// `run` does not check whether it got the two that it asks for. If it did not, it closes descriptor 0,
    /// and whatever file or connection gets that number next is closed.
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

    /// Makes sure that this thread's heap does not end right after what is allocated next.
    ///
    /// To find the open descriptors, `run` reads a folder and copies 256 bytes from the beginning of each
    /// name, however short the name is. With about 1,350 open descriptors the last names are at the end of
    /// what was read, and the program would crash if the heap ended there.
    private static func makeRoom() {
        // Several blocks are allocated, because a single one may fit into a gap of the heap.
        let blocks = unsafe (0..<4).map { _ in unsafe malloc(100 << 10) }
        unsafe blocks.forEach { unsafe free($0) }
    }
}

/// Lets one thread at a time start a process, but does not wait forever for a start that the kernel holds:
/// a start that hangs loses its turn.
///
/// A start that hangs is past the unsafe part. If two processes were started at once, they could pass each
/// other's descriptors to their children, and Foundation would notice the end of one only with that of the
/// other.
private final class StartTurns: @unchecked Sendable {
    /// How many seconds a start may take before the next one begins all the same.
    private static let patience = 2.0

    private final class Turn {}

    private let condition = NSCondition()
    /// The turn of the thread that may start a process; used only under the condition's lock.
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
        // If this start took too long, another thread has the turn.
        guard holder === turn else { return }
        holder = nil
        condition.signal()
    }
}
