import CLinux
import Glibc
import Sockets
import Streams
import Threads

/// A running command: its process, its pipes, and the results so far.
@EventLoop
final class Child {
    let id: UInt64
    let command: Command
    let pid: pid_t
    let started: ContinuousClock.Instant
    /// The runner's ends of the child's pipes. One is missing if the child has no such pipe or once it is
    /// closed.
    private var pipes: [Role: ChildPipe] = [:]
    private var alarm: Alarm?

    /// How the process itself has ended, if it has; its descendants may still run.
    var termination: Termination?
    /// Whether the process has been waited for. Its number may then belong to another process.
    var isReaped = false
    var deadlinePassed = false
    var isCancelled = false
    var inputFailure: (any Error)?

    /// When the process is ended because it has taken too long.
    var deadline: ContinuousClock.Instant?
    /// When the process is killed after it was asked to end.
    var killTime: ContinuousClock.Instant?
    /// Until when the runner waits for descendants that hold the pipes or keep the process from being
    /// waited for.
    var lingerTime: ContinuousClock.Instant?
    /// Whether the descendants have been killed; whoever still holds a pipe has left the process group.
    var descendantsKilled = false

    let input: (any ByteSource)?
    let onOutput: (@Sendable ([UInt8]) -> Void)?
    var flow: OutputFlow?
    /// Whether reading its output is paused.
    private(set) var isHeld = false
    var pendingInput: PendingInput?
    var continuation: CheckedContinuation<CommandOutcome, Never>?
    /// The outcome, if it was known before anybody waited for it.
    var outcome: CommandOutcome?

    private var output: [UInt8] = []
    private var outputTruncated = false
    private var errors: [UInt8] = []
    private var tail = LineTail()

    /// Bytes that the child's pipe has not taken yet.
    struct PendingInput {
        var bytes: [UInt8]
        var offset = 0
        /// Resumed with whether all bytes were taken.
        var continuation: CheckedContinuation<Bool, Never>
    }

    /// What a descriptor is used for.
    enum Role: CaseIterable {
        /// The pipe from which the child reads.
        case input
        case output, errors
        /// Becomes readable once the process has ended.
        case exit
    }

    /// - Parameter end: how the process ended, if it has already been waited for.
    init(
        id: UInt64,
        command: Command,
        _ started: consuming Launch.Started,
        end: Termination?,
        input: (any ByteSource)?,
        onOutput: (@Sendable ([UInt8]) -> Void)?
    ) {
        self.id = id
        self.command = command
        pid = started.pid
        self.input = input
        self.onOutput = onOutput
        let now = ContinuousClock.now
        self.started = now
        deadline = command.deadline.map { now + $0 }
        termination = end
        isReaped = end != nil
        let ends = started.ends
        add(ends.input, .input)
        add(ends.output, .output)
        add(ends.errors, .errors)
        if end == nil {
            let number = clinux_pidfd_open(pid)
            if number >= 0 { add(FileDescriptor(owning: number), .exit) }
        }
    }

    private func add(_ descriptor: consuming FileDescriptor?, _ role: Role) {
        if let descriptor { pipes[role] = ChildPipe(descriptor) }
    }

    /// Begins to read its output and to wait for its end.
    func begin(in runner: CommandRunner) {
        for role in [Role.output, .errors, .exit] {
            if let pipe = pipes[role], !wait(for: pipe, role, .readable, in: runner) {
                runner.cannotWait(for: role, of: self)
            }
        }
        setAlarm(in: runner)
    }

    /// Makes the event loop report to the runner when the pipe is ready. Returns false if the kernel
    /// refuses, which it does if the user has too many watched descriptors.
    private func wait(
        for pipe: ChildPipe,
        _ role: Role,
        _ interest: PollEvents,
        in runner: CommandRunner
    ) -> Bool {
        pipe.onReady = { [weak runner, weak self] in
            if let runner, let self { runner.serve(self, role) }
        }
        do throws(SystemError) {
            try Poller.shared.add(pipe, for: interest)
            return true
        } catch {
            return false
        }
    }

    /// Sets the alarm for the next time at which the runner must act.
    func setAlarm(in runner: CommandRunner) {
        alarm?.cancel()
        guard outcome == nil, let time = nextTime else { return alarm = nil }
        // An alarm counts whole milliseconds and must not go off too early.
        alarm = Alarm(after: time - .now + .milliseconds(1)) { [weak runner, weak self] in
            EventLoop.post { if let runner, let self { runner.timeHasCome(for: self) } }
        }
    }

    func close(_ role: Role) {
        pipes.removeValue(forKey: role)?.end()
    }

    /// Closes all descriptors and stops waiting.
    func closeAll() {
        for role in Role.allCases { close(role) }
        alarm?.cancel()
        alarm = nil
    }

    /// Whether all its output has been read.
    var isDrained: Bool { pipes[.output] == nil && pipes[.errors] == nil }

    /// Stops reading its output until `release`.
    func hold() {
        isHeld = true
        pipes[.output]?.suspend()
    }

    /// Continues reading its output. Returns false if the kernel refuses.
    func release() -> Bool {
        guard isHeld else { return true }
        isHeld = false
        return pipes[.output]?.resume(for: .readable) ?? true
    }

    // MARK: Input

    var takesInput: Bool { pipes[.input] != nil }

    func closeInput() { close(.input) }

    /// Makes the event loop report to the runner when the pipe takes more. Returns false if the kernel
    /// refuses.
    func waitForInput(in runner: CommandRunner) -> Bool {
        guard let pipe = pipes[.input] else { return false }
        // It may have been registered before, and be suspended now.
        guard pipe.interest.isEmpty else { return true }
        guard pipe.onReady == nil else { return pipe.resume(for: .writable) }
        return wait(for: pipe, .input, .writable, in: runner)
    }

    /// Stops waiting for the pipe to take more, since nothing is to be written at present.
    func restInput() {
        if let pipe = pipes[.input], !pipe.interest.isEmpty { pipe.suspend() }
    }

    func takePendingInput() -> CheckedContinuation<Bool, Never>? {
        defer { pendingInput = nil }
        return pendingInput?.continuation
    }

    // MARK: Times and output

    /// The next time at which the runner must act.
    var nextTime: ContinuousClock.Instant? {
        if termination != nil { return lingerTime }
        return killTime ?? deadline
    }

    /// Reads the available output, up to a limit so that one child cannot delay the others. Returns true at
    /// the end of the output.
    func drain(_ role: Role) -> Bool {
        guard let descriptor = pipes[role]?.number else { return true }
        var result = 0
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: 65_536) { buffer, count in
            result = unsafe read(descriptor, buffer.baseAddress, buffer.count)
            count = max(0, result)
        }
        if result < 0 {
            // If the other side of a terminal is closed, reading fails with EIO.
            return errno != EAGAIN && errno != EINTR
        }
        if result == 0 { return true }
        take(chunk, role)
        return false
    }

    /// Writes to the input until everything is taken or the pipe is full. Returns true if everything was
    /// taken, false if it cannot be written, and nil if some is left.
    func writeInput() -> Bool? {
        guard var pending = pendingInput else { return true }
        guard let descriptor = pipes[.input]?.number else { return false }
        defer { pendingInput?.offset = pending.offset }
        while pending.offset < pending.bytes.count {
            let result = unsafe pending.bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[pending.offset...])
                return unsafe Glibc.write(descriptor, rest.baseAddress, rest.count)
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

    /// Asks the kernel how the process ended. Foundation still has to wait for the process.
    func askForEnd() {
        guard termination == nil, !isReaped else { return }
        var status: Int32 = 0
        switch unsafe clinux_child_end(pid, &status) {
        case 1: termination = .exited(status)
        case 2: termination = .signalled(status)
        default: break
        }
    }

    /// Sends a signal to the process and its descendants, unless its number may belong to another process.
    func signal(_ number: Int32) {
        var status: Int32 = 0
        guard !isReaped, unsafe clinux_child_end(pid, &status) >= 0 else { return }
        kill(getpgid(pid) == pid ? -pid : pid, number)
    }

    func makeOutcome() -> CommandOutcome {
        var lines = tail.finish(unless: command.isNoise)
        // The command succeeded, so the lines are its output and not errors.
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
        if command.keepsLines, !isOutput || command.output != .pipes {
            tail.feed(bytes, unless: command.isNoise)
        }
    }
}
