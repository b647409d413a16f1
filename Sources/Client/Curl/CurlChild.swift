internal import CLinux
internal import Foundation
internal import Glibc
internal import Sockets
internal import Synchronization

/// A running curl, and what it writes on standard error.
///
/// It stays in the client's process group: what a terminal sends to the client reaches it too.
final class CurlChild: Sendable {
    /// The number under which it finds a body.
    static let bodyNumber: Int32 = 3

    /// How it ended.
    struct Ending: Sendable {
        /// What it had to say.
        var said: String
        /// Nil if a signal ended it.
        var status: Int32?
    }

    private struct Running: Sendable {
        var pid: pid_t
        /// Readable once it has ended.
        var process: Int32
        var errors: Int32
    }

    /// Nil once it has been told to end: whoever took this out reaps it, and nobody else signals it.
    private let running: Mutex<Running?>

    /// Starts it with the socket as its input and output. ENOENT says that there is no such program.
    ///
    /// The event loop, on which its end is waited for, must have been started.
    ///
    /// - Parameter words: the program and its arguments; what it is to do it reads from its input.
    init(
        socket: consuming FileDescriptor,
        body: [UInt8],
        words: [String] = ["curl", "--disable", "--config", "-"]
    ) throws(SystemError) {
        let socket = try Self.raised(socket)
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw Self.failure("pipe2") }
        let reading = FileDescriptor(owning: ends[0])
        let writing = try Self.raised(FileDescriptor(owning: ends[1]))
        let file = try body.isEmpty ? nil : Self.file(holding: body)
        let pid = try Self.spawn(words, socket: socket, errors: writing, body: file)
        let process = clinux_pidfd_open(pid)
        guard process >= 0 else {
            let failure = Self.failure("pidfd_open")
            // It has only just begun, and ends at once.
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            throw failure
        }
        // However the client ends, the pipe's other side goes with it; that raises SIGIO, which ends
        // a curl that waits for a server and would not see it.
        _ = fcntl(writing.number, F_SETOWN, pid)
        _ = fcntl(writing.number, F_SETFL, O_WRONLY | O_ASYNC)
        running = Mutex(Running(pid: pid, process: process, errors: reading.released()))
    }

    deinit {
        end()
    }

    /// Ends it, and tells how it ended; nil if it has been ended before, or does not end.
    func end(_ told: @escaping @Sendable (Ending?) -> Void = { _ in }) {
        // Signalled under the lock and reaped after it: its number is its own until then.
        let taken = running.withLock { running in
            if let running { kill(running.pid, SIGTERM) }
            return running.take()
        }
        guard let taken else { return told(nil) }
        EventLoop.post {
            CurlReaper(
                pid: taken.pid,
                process: FileDescriptor(owning: taken.process),
                errors: FileDescriptor(owning: taken.errors),
                told: told
            ).begin()
        }
    }

    /// How far it has come in a file that it reads (proc_pid_fdinfo(5)); nil once it is told to end.
    func position(in path: String) -> Int64? {
        guard let pid = running.withLock({ $0?.pid }) else { return nil }
        let files = FileManager.default
        guard let names = try? files.contentsOfDirectory(atPath: "/proc/\(pid)/fd") else {
            return nil
        }
        for name in names {
            guard
                let place = try? files.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)"),
                place == path,
                let info = files.contents(atPath: "/proc/\(pid)/fdinfo/\(name)"),
                let line = String(decoding: info, as: UTF8.self).split(separator: "\n")
                    .first(where: { $0.hasPrefix("pos:") })
            else { continue }
            return Int64(line.dropFirst("pos:".count).filter { $0 != "\t" && $0 != " " })
        }
        return 0
    }

    /// The same under a number that the child does not need for another.
    private static func raised(
        _ descriptor: consuming FileDescriptor
    ) throws(SystemError) -> FileDescriptor {
        let number = fcntl(descriptor.number, F_DUPFD_CLOEXEC, 10)
        guard number >= 0 else { throw failure("fcntl") }
        return FileDescriptor(owning: number)
    }

    /// A file in memory, at its start.
    private static func file(holding bytes: [UInt8]) throws(SystemError) -> FileDescriptor {
        let number = unsafe clinux_memory_file("slipway-body")
        guard number >= 0 else { throw failure("memfd_create") }
        let file = try raised(FileDescriptor(owning: number))
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[written...])
                return unsafe write(file.number, rest.baseAddress, rest.count)
            }
            if count < 0 && errno != EINTR { throw failure("write") }
            written += max(0, count)
        }
        guard lseek(file.number, 0, SEEK_SET) == 0 else { throw failure("lseek") }
        return file
    }

    private static func spawn(
        _ words: [String],
        socket: borrowing FileDescriptor,
        errors: borrowing FileDescriptor,
        body: borrowing FileDescriptor?
    ) throws(SystemError) -> pid_t {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        unsafe posix_spawn_file_actions_adddup2(&actions, socket.number, STDIN_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, socket.number, STDOUT_FILENO)
        unsafe posix_spawn_file_actions_adddup2(&actions, errors.number, STDERR_FILENO)
        switch body {
        case .some(let body):
            unsafe posix_spawn_file_actions_adddup2(&actions, body.number, bodyNumber)
        case .none: break
        }

        var attributes = posix_spawnattr_t()
        unsafe posix_spawnattr_init(&attributes)
        defer { unsafe posix_spawnattr_destroy(&attributes) }
        // The event loop's thread, which starts it, has all signals blocked. Ctrl-C is the client's to
        // answer, which may go on: curl ends with it, by SIGIO.
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe posix_spawnattr_setsigmask(&attributes, &signals)
        unsafe sigaddset(&signals, SIGPIPE)
        unsafe sigaddset(&signals, SIGINT)
        unsafe sigaddset(&signals, SIGIO)
        unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
        let flags = Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF)
        unsafe posix_spawnattr_setflags(&attributes, flags)

        let arguments = unsafe words.map { word in unsafe strdup(word) } + [nil]
        defer { unsafe arguments.forEach { unsafe free($0) } }
        var pid: pid_t = 0
        let code = unsafe posix_spawnp(
            &pid,
            words[0],
            &actions,
            &attributes,
            arguments,
            clinux_environment()
        )
        guard code == 0 else {
            throw SystemError(code: code, operation: "start", subject: words[0])
        }
        return pid
    }

    private static func failure(_ operation: String) -> SystemError {
        SystemError(code: errno, operation: operation)
    }
}
