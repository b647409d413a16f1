import CLinux
import Glibc
import Sockets

/// The pipes or the terminal between a child and the runner. All of them are closed on `exec`.
struct ChildDescriptors: ~Copyable {
    /// The runner's ends, which do not block.
    var ends: Ends? = Ends()
    // The child's ends. The child has its own copies once it is started.
    private var input: FileDescriptor?
    private var output: FileDescriptor?
    /// Nil if the errors go where the output goes.
    private var errors: FileDescriptor?

    /// The runner's ends; an end that the command does not use is nil.
    struct Ends: ~Copyable, Sendable {
        var input: FileDescriptor?
        var output: FileDescriptor?
        var errors: FileDescriptor?
    }

    /// Opens the descriptors that the command needs.
    init(_ command: Command) throws(SystemError) {
        switch command.input {
        case .none:
            input = try Self.opened(unsafe open("/dev/null", O_RDONLY | O_CLOEXEC), "open")
        case .stream:
            let pipe = try Self.pipe()
            // A large pipe wakes both sides less often. If the user has too many of them, it keeps its
            // size.
            _ = fcntl(pipe.writing, clinux_set_pipe_size, 1 << 20)
            input = FileDescriptor(owning: pipe.reading)
            ends?.input = Self.unblocked(pipe.writing)
        }
        let pipe = try command.output == .terminal ? Self.terminal() : Self.pipe()
        ends?.output = Self.unblocked(pipe.reading)
        output = FileDescriptor(owning: pipe.writing)
        if command.output == .pipes {
            let pipe = try command.endsWithProgram ? Self.sockets() : Self.pipe()
            ends?.errors = Self.unblocked(pipe.reading)
            errors = FileDescriptor(owning: pipe.writing)
        }
    }

    /// The numbers of the child's ends.
    var numbers: (input: Int32, output: Int32, errors: Int32) {
        let outputNumber = Self.number(of: output) ?? -1
        return (
            Self.number(of: input) ?? -1, outputNumber, Self.number(of: errors) ?? outputNumber
        )
    }

    /// Has the kernel kill the child once the runner's end of its errors is closed, as it is when this program
    /// ends. For sockets: a pipe would tell of every reading, too.
    func endWithProgram(_ child: pid_t) {
        guard let number = Self.number(of: errors) else { return }
        _ = fcntl(number, F_SETOWN, child)
        _ = fcntl(number, clinux_set_signal, SIGKILL)
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_ASYNC)
    }

    private static func number(of descriptor: borrowing FileDescriptor?) -> Int32? {
        switch descriptor {
        case .some(let descriptor): descriptor.number
        case .none: nil
        }
    }

    private static func opened(
        _ number: Int32,
        _ call: String
    ) throws(SystemError) -> FileDescriptor {
        guard number >= 0 else { throw SystemError(code: errno, operation: call) }
        return FileDescriptor(owning: number)
    }

    private static func pipe() throws(SystemError) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else {
            throw SystemError(code: errno, operation: "pipe2")
        }
        return (ends[0], ends[1])
    }

    private static func sockets() throws(SystemError) -> (reading: Int32, writing: Int32) {
        let pair = try FileDescriptor.pair()
        return (pair.own, pair.child)
    }

    private static func terminal() throws(SystemError) -> (reading: Int32, writing: Int32) {
        // In a terminal wider than 110 columns, docker draws a bar into every line.
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        var (own, childs): (Int32, Int32) = (-1, -1)
        guard unsafe openpty(&own, &childs, nil, nil, &size) == 0 else {
            throw SystemError(code: errno, operation: "openpty")
        }
        for end in [own, childs] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (own, childs)
    }

    private static func unblocked(_ number: Int32) -> FileDescriptor {
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
        return FileDescriptor(owning: number)
    }
}
