import Glibc
import Synchronization
import Threads

/// A file system, for calls that may block on it.
///
/// If a file system does not answer, for example because its machine is gone, that blocks only the calls on
/// this file system.
struct Disk: Sendable {
    private let threads: BlockingThreads
    /// The kernel's number of the file system.
    private let key: String

    /// The file system of a path, judged by the path alone, without looking it up.
    init(of path: String, threads: BlockingThreads) {
        self.threads = threads
        key = Self.number(of: Array(path.utf8), in: Self.mounts())
    }

    /// Runs `body` on a thread that may block, and waits for it at most for the limit.
    func run<Value: Sendable>(
        within limit: Duration,
        _ body: @escaping @Sendable (BlockingThreads.Abandonment) throws -> Value
    ) async throws -> Value {
        try await threads.run(for: key, within: limit, body)
    }

    /// Runs `body` on a thread that may block.
    func perform(_ body: @escaping @Sendable () -> Void) {
        threads.perform(for: key, body)
    }

    /// The number of the file system that contains a path, from the kernel's table (proc_pid_mountinfo(5)).
    /// If several are mounted at the same place, the last one counts.
    static func number(of path: [UInt8], in table: [UInt8]) -> String {
        var best: (length: Int, number: String) = (-1, "")
        for line in table.split(separator: UInt8(ascii: "\n")) {
            let fields = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
            guard fields.count > 5 else { continue }
            let place = unescaped(fields[4])
            let isAbove =
                place == [UInt8(ascii: "/")] || path == place
                || (path.starts(with: place) && path[place.count] == UInt8(ascii: "/"))
            guard isAbove, place.count >= best.length else { continue }
            best = (place.count, String(decoding: fields[2], as: UTF8.self))
        }
        return best.number
    }

    /// In the table a blank is written as `\040`, and a line break in the same way.
    private static func unescaped(_ text: some Collection<UInt8>) -> [UInt8] {
        let text = Array(text)
        var bytes: [UInt8] = []
        var index = 0
        while index < text.count {
            let digits = text[index...].dropFirst().prefix(3)
            if text[index] == UInt8(ascii: "\\"), digits.count == 3,
                let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(byte)
                index += 4
            } else {
                bytes.append(text[index])
                index += 1
            }
        }
        return bytes
    }

    /// The mounted file systems as the kernel lists them, without asking the file systems themselves.
    private static func mounts() -> [UInt8] {
        let descriptor = unsafe open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe read(descriptor, &part, part.count)
            guard count > 0 else { return bytes }
            bytes += part[..<count]
        }
    }
}

/// Work on a disk that is done in steps. Each step is awaited by itself, and nothing is blocked between two
/// steps.
final class StepwiseWork<State: Sendable>: Sendable {
    // Only the running step locks this; nobody else waits for the lock.
    private let state: Mutex<State>
    private let disk: Disk

    init(_ state: State, on disk: Disk) {
        self.state = Mutex(state)
        self.disk = disk
    }

    /// Does one step. Steps must not be requested at the same time.
    func step<Value: Sendable>(
        within limit: Duration,
        _ body: @escaping @Sendable (inout State, BlockingThreads.Abandonment) throws -> Value
    ) async throws -> Value {
        try await disk.run(within: limit) { [self] abandonment in
            let value = try state.withLockIfAvailable { try body(&$0, abandonment) }
            // An earlier step was given up, but the kernel has not finished it.
            guard let value else { throw BlockingThreads.Failure.timedOut }
            return value
        }
    }
}
