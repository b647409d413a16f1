import CLinux
import Engine
import Foundation
import Glibc

/// A running command: its process, its pipes and what has come of it so far. Confined to the
/// runner's thread.
final class Child {
    let id: UInt64
    let command: DockerCommand
    let pid: pid_t
    let started: ContinuousClock.Instant
    var descriptors: ChildDescriptors
    /// Readable once the process has ended; -1 where the system has no such thing, or after.
    var exitDescriptor: Int32

    /// Known once the process itself has ended, whatever has become of its descendants.
    var termination: Termination?
    /// The process has been waited for: its number may be another's by now.
    var isReaped = false
    var deadlinePassed = false
    var isCancelled = false
    var inputFailure: (any Error)?

    /// When it is ended for taking too long.
    var deadline: ContinuousClock.Instant?
    /// When it is killed, having been asked to end.
    var killTime: ContinuousClock.Instant?
    /// When descendants that hold its pipes, or its process, are waited for no more.
    var lingerTime: ContinuousClock.Instant?
    /// The descendants have been killed; whoever still holds a pipe has left the group.
    var descendantsKilled = false

    let input: (any ByteSource)?
    let onOutput: (@Sendable ([UInt8]) -> Void)?
    var flow: OutputFlow?
    /// Its output is not being read for now.
    var isHeld = false
    var pendingInput: PendingInput?
    var continuation: CheckedContinuation<CommandOutcome, Never>?
    /// The outcome where it was there before anybody waited for it.
    var outcome: CommandOutcome?

    private var output: [UInt8] = []
    private var outputTruncated = false
    private var errors: [UInt8] = []
    private var tail = LineTail()

    /// Bytes that the child's pipe has not taken yet.
    struct PendingInput {
        var bytes: [UInt8]
        var offset = 0
        /// Told whether all were taken.
        var continuation: CheckedContinuation<Bool, Never>
    }

    /// What a descriptor is for; the lowest two bits of its token.
    enum Role: UInt64 {
        case input, output, errors, exit
    }

    /// - Parameter end: how it ended, where it has been waited for already.
    init(
        id: UInt64,
        command: DockerCommand,
        pid: pid_t,
        descriptors: ChildDescriptors,
        end: Termination?,
        input: (any ByteSource)?,
        onOutput: (@Sendable ([UInt8]) -> Void)?
    ) {
        self.id = id
        self.command = command
        self.pid = pid
        self.descriptors = descriptors
        self.input = input
        self.onOutput = onOutput
        let now = ContinuousClock.now
        started = now
        deadline = command.deadline.map { now + $0 }
        termination = end
        isReaped = end != nil
        exitDescriptor = end == nil ? clinux_pidfd_open(pid) : -1
    }

    func token(_ role: Role) -> UInt64 { id << 2 | role.rawValue }

    /// Whether everything it wrote has been read.
    var isDrained: Bool { descriptors.output < 0 && descriptors.errors < 0 }

    /// When it next needs attention.
    var nextTime: ContinuousClock.Instant? {
        if termination != nil { return lingerTime }
        return killTime ?? deadline
    }

    /// Reads what is there, up to a bound, so that one child cannot hold up the others. True at
    /// the end.
    func drain(_ role: Role) -> Bool {
        let descriptor = role == .errors ? descriptors.errors : descriptors.output
        guard descriptor >= 0 else { return true }
        for _ in 0..<4 {
            var result = 0
            let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
                result = unsafe read(descriptor, buffer.baseAddress, buffer.count)
                count = max(0, result)
            }
            if result < 0 {
                // Where a terminal's other side is closed, reading fails with EIO.
                return errno != EAGAIN && errno != EINTR
            }
            if result == 0 { return true }
            take(chunk, role)
            if role == .output, flow?.isFull == true { return false }
        }
        return false
    }

    /// Writes to the input until all is taken or the pipe is full. Gives whether all was taken;
    /// nil while it has not been.
    func writeInput() -> Bool? {
        guard var pending = pendingInput else { return true }
        defer { pendingInput?.offset = pending.offset }
        while pending.offset < pending.bytes.count {
            let result = unsafe pending.bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[pending.offset...])
                return unsafe write(descriptors.input, rest.baseAddress, rest.count)
            }
            if result < 0 {
                if errno == EINTR { continue }
                return errno == EAGAIN ? nil : false
            }
            pending.offset += result
            input?.accepted(result)
        }
        return true
    }

    /// Asks the kernel how the process ended, and leaves it to be waited for by its owner.
    func askForEnd() {
        guard termination == nil, !isReaped else { return }
        var status: Int32 = 0
        switch unsafe clinux_child_end(pid, &status) {
        case 1: termination = .exited(status)
        case 2: termination = .signalled(status)
        default: break
        }
    }

    /// Sends a signal to the process and its descendants, unless its number may be another's.
    func signal(_ number: Int32) {
        var status: Int32 = 0
        guard !isReaped, unsafe clinux_child_end(pid, &status) >= 0 else { return }
        kill(getpgid(pid) == pid ? -pid : pid, number)
    }

    func makeOutcome() -> CommandOutcome {
        var lines = tail.finish()
        // Its output is all there is then.
        if command.output == .merged, termination == .exited(0) { lines = [] }
        return CommandOutcome(
            termination: termination ?? .notStarted(reason: "the process was lost"),
            output: output,
            outputTruncated: outputTruncated,
            errors: errors,
            errorLines: lines,
            duration: .now - started,
            deadlinePassed: deadlinePassed,
            cancelled: isCancelled,
            inputFailure: inputFailure
        )
    }

    private func take(_ bytes: [UInt8], _ role: Role) {
        let isOutput = role == .output
        if isOutput {
            let room = command.outputLimit - output.count
            output += bytes.prefix(max(0, room))
            outputTruncated = outputTruncated || bytes.count > room
            flow?.add(bytes.count)
            onOutput?(bytes)
        }
        if !isOutput { errors += bytes.prefix(max(0, command.errorLimit - errors.count)) }
        if !isOutput || command.output != .pipes { tail.feed(bytes) }
    }
}
