import Glibc
import Synchronization
import Threads

/// A file system, as far as calls on it may wait for it.
///
/// One that does not answer, such as that of a machine which has gone, holds up those who ask for
/// what lies on it, and nobody else.
struct Disk: Sendable {
    private let threads: BlockingThreads
    /// The kernel's number of it.
    private let key: String

    /// The one on which a path lies, as far as the path says it without being looked up.
    init(of path: String, threads: BlockingThreads) {
        self.threads = threads
        key = Self.number(of: Array(path.utf8), in: Self.mounts())
    }

    /// Runs `body` on a thread that may wait for the disk, and waits for it no longer than that.
    func run<Value: Sendable>(
        within limit: Duration,
        _ body: @escaping @Sendable (BlockingThreads.Abandonment) throws -> Value
    ) async throws -> Value {
        try await threads.run(for: key, within: limit, body)
    }

    /// Runs `body` on a thread that may wait for the disk.
    func perform(_ body: @escaping @Sendable () -> Void) {
        threads.perform(for: key, body)
    }

    /// The number of the file system on which a path lies, by a table as the kernel gives it
    /// (proc_pid_mountinfo(5)). Of those that are mounted at one place the last one counts.
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

    /// Blanks and line breaks stand in the table as `\040`.
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

    /// What is mounted, as the kernel knows it: no file system is asked for it.
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

/// Work on a disk that is done in steps: each is waited for by itself, and between two of them
/// nothing is held up.
final class StepwiseWork<State: Sendable>: Sendable {
    // Locked by the step that runs, and by nobody who would wait for it.
    private let state: Mutex<State>
    private let disk: Disk

    init(_ state: State, on disk: Disk) {
        self.state = Mutex(state)
        self.disk = disk
    }

    /// Does one step. Steps are not to be asked for at the same time.
    func step<Value: Sendable>(
        within limit: Duration,
        _ body: @escaping @Sendable (inout State, BlockingThreads.Abandonment) throws -> Value
    ) async throws -> Value {
        try await disk.run(within: limit) { [self] abandonment in
            let value = try state.withLockIfAvailable { try body(&$0, abandonment) }
            // The step before was given up, and the kernel has not let go of it.
            guard let value else { throw BlockingThreads.Failure.timedOut }
            return value
        }
    }
}
