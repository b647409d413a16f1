import CLinux
import Foundation
import Glibc

/// The pipes, or the terminal, between a child and the runner. All are closed on `exec`.
struct ChildDescriptors {
    /// The runner's ends, not blocking; -1 if there is none.
    var input: Int32 = -1
    var output: Int32 = -1
    var errors: Int32 = -1
    /// The child's ends.
    private(set) var childInput: Int32 = -1
    private(set) var childOutput: Int32 = -1
    private(set) var childErrors: Int32 = -1

    /// The system refused one; `code` is its error number.
    struct Refused: Error {
        var call: String
        var code: Int32
    }

    /// Opens what the command asks for.
    init(_ command: DockerCommand) throws(Refused) {
        do throws(Refused) {
            try openInput(command.input)
            try openOutput(command.output)
            for descriptor in [input, output, errors] where descriptor >= 0 {
                _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
            }
        } catch {
            closeAll()
            throw error
        }
    }

    private mutating func openInput(_ mode: DockerCommand.Input) throws(Refused) {
        switch mode {
        case .none:
            childInput = unsafe open("/dev/null", O_RDONLY | O_CLOEXEC)
            guard childInput >= 0 else { throw Refused(call: "open", code: errno) }
        case .stream:
            (childInput, input) = try Self.pipe()
        }
    }

    private mutating func openOutput(_ mode: DockerCommand.OutputMode) throws(Refused) {
        switch mode {
        case .pipes:
            (output, childOutput) = try Self.pipe()
            (errors, childErrors) = try Self.pipe()
        case .merged:
            (output, childOutput) = try Self.pipe()
            childErrors = childOutput
        case .terminal:
            // Wider than 110 columns docker draws a bar into every line.
            var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
            guard unsafe openpty(&output, &childOutput, nil, nil, &size) == 0 else {
                throw Refused(call: "openpty", code: errno)
            }
            childErrors = childOutput
            _ = fcntl(output, F_SETFD, FD_CLOEXEC)
            _ = fcntl(childOutput, F_SETFD, FD_CLOEXEC)
        }
    }

    /// A pipe's reading and writing end.
    private static func pipe() throws(Refused) -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [-1, -1]
        guard unsafe pipe2(&ends, O_CLOEXEC) == 0 else { throw Refused(call: "pipe2", code: errno) }
        return (ends[0], ends[1])
    }

    /// Closes the child's ends: it has its own copies now.
    mutating func closeChildEnds() {
        for descriptor in Set([childInput, childOutput, childErrors]) where descriptor >= 0 {
            close(descriptor)
        }
        (childInput, childOutput, childErrors) = (-1, -1, -1)
    }

    /// Closes everything.
    mutating func closeAll() {
        closeChildEnds()
        for descriptor in [input, output, errors] where descriptor >= 0 { close(descriptor) }
        (input, output, errors) = (-1, -1, -1)
    }
}
