import CLinux
import Glibc
import Sockets
import Streams
import Threads

/// A running command: its process, its pipes and what has come of it so far.
@EventLoop
final class Child {
    let id: UInt64
    let command: Command
    let pid: pid_t
    let started: ContinuousClock.Instant
    /// What it reads from and writes to; nil where there is no such thing, and once it is closed.
    private var pipes: [Role: ChildPipe] = [:]
    private var alarm: Alarm?

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
    private(set) var isHeld = false
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

    /// What a descriptor is for.
    enum Role: CaseIterable {
        /// What the child reads.
        case input
        case output, errors
        /// Readable once the process has ended.
        case exit
    }

    /// - Parameter end: how it ended, where it has been waited for already.
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

    /// Begins to read what it writes, and to wait for its end.
    func begin(in runner: CommandRunner) {
        for role in [Role.output, .errors, .exit] {
            if let pipe = pipes[role], !wait(for: pipe, role, .readable, in: runner) {
                runner.cannotWait(for: role, of: self)
            }
        }
        setAlarm(in: runner)
    }

    /// Has the runner told when the pipe is ready; false if the kernel refuses, which it does once a user
    /// has too many of them.
    private func wait(
        for pipe: ChildPipe,
        _ role: Role,
        _ interest: Readiness,
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

    /// Has the runner told when the next of its times has come.
    func setAlarm(in runner: CommandRunner) {
        alarm?.cancel()
        guard outcome == nil, let time = nextTime else { return alarm = nil }
        // Not before it: an alarm knows whole milliseconds.
        alarm = Alarm(after: time - .now + .milliseconds(1)) { [weak runner, weak self] in
            EventLoop.post { if let runner, let self { runner.timeHasCome(for: self) } }
        }
    }

    func close(_ role: Role) {
        pipes.removeValue(forKey: role)?.end()
    }

    /// Closes everything, and waits for nothing more.
    func closeAll() {
        for role in Role.allCases { close(role) }
        alarm?.cancel()
        alarm = nil
    }

    /// Whether everything it wrote has been read.
    var isDrained: Bool { pipes[.output] == nil && pipes[.errors] == nil }

    /// Its output is not read until `release`.
    func hold() {
        isHeld = true
        pipes[.output]?.suspend()
    }

    /// Its output is read again; false if the kernel refuses.
    func release() -> Bool {
        guard isHeld else { return true }
        isHeld = false
        return pipes[.output]?.resume(for: .readable) ?? true
    }

    // MARK: Input

    var takesInput: Bool { pipes[.input] != nil }

    func closeInput() { close(.input) }

    /// Has the runner told when the pipe takes more; false if the kernel refuses.
    func waitForInput(in runner: CommandRunner) -> Bool {
        guard let pipe = pipes[.input] else { return false }
        // It may have been waited for before, and be at rest.
        guard pipe.interest.isEmpty else { return true }
        guard pipe.onReady == nil else { return pipe.resume(for: .writable) }
        return wait(for: pipe, .input, .writable, in: runner)
    }

    /// Nothing is left to be written for now.
    func restInput() {
        if let pipe = pipes[.input], !pipe.interest.isEmpty { pipe.suspend() }
    }

    func takePendingInput() -> CheckedContinuation<Bool, Never>? {
        defer { pendingInput = nil }
        return pendingInput?.continuation
    }

    // MARK: Times and output

    /// When it next needs attention.
    var nextTime: ContinuousClock.Instant? {
        if termination != nil { return lingerTime }
        return killTime ?? deadline
    }

    /// Reads what is there, up to a bound, so that one child cannot hold up the others. True at
    /// the end.
    func drain(_ role: Role) -> Bool {
        guard let descriptor = pipes[role]?.number else { return true }
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
        return false
    }

    /// Writes to the input until all is taken or the pipe is full. Gives whether all was taken;
    /// nil while it has not been.
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
        var lines = tail.finish(unless: command.isNoise)
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
        if command.keepsLines, !isOutput || command.output != .pipes {
            tail.feed(bytes, unless: command.isNoise)
        }
    }
}
