import Glibc
public import Sockets
public import Streams
import Threads

/// Runs commands, each as a child in a process group of its own.
///
/// A command is done when its process has ended and all its output has been read. Descendants that outlive
/// it do not delay it: they are killed, and those that have left the process group are ignored.
@EventLoop
public final class CommandRunner {
    private nonisolated let owner: String?
    /// How long a child that was asked to end may take before it is killed.
    private nonisolated let grace: Duration
    /// How long to wait for the end of the output, and of descendants, after the process itself has ended.
    private nonisolated let patience: Duration
    /// How long the kernel may take to start a child.
    private nonisolated let startPatience: Duration
    private(set) var children: [UInt64: Child] = [:]
    /// The children whose process is being started, and how those ended that did so before their start
    /// returned.
    private var starting: Set<UInt64> = []
    private var earlyEnds: [UInt64: Termination] = [:]
    private var nextID: UInt64 = 1
    private var tally = CommandStatistics()

    /// A command that is running.
    public struct RunningChild: Sendable, Equatable {
        /// The number of the process, which is also that of its process group.
        public var pid: Int32
        /// The command's name.
        public var name: String
        /// The command's tag.
        public var tag: String?
        /// How long it has been running.
        public var age: Duration
    }

    /// Makes a runner.
    ///
    /// - Parameters:
    ///   - owner: the name by which `OrphanedCommands` finds commands that outlive this program.
    ///   - grace: how long a child that was asked to end may take before it is killed.
    ///   - patience: how long to wait for descendants that hold its pipes, before they are killed and once
    ///     more after that.
    ///   - startPatience: how long the kernel may take to start a child, including the wait for other
    ///     starts; the command's own time begins after that.
    public nonisolated init(
        owner: String? = nil,
        grace: Duration = .seconds(2),
        patience: Duration = .milliseconds(500),
        startPatience: Duration = .seconds(30)
    ) {
        self.owner = owner
        self.grace = grace
        self.patience = patience
        self.startPatience = startPatience
        Launch.prepare()
    }

    /// The commands that are running, the oldest first. The event loop must have been started, which `run`
    /// does.
    public var running: [RunningChild] {
        children.values.sorted { $0.id < $1.id }.filter { $0.termination == nil }.map { child in
            RunningChild(
                pid: child.pid,
                name: child.command.name,
                tag: child.command.tag,
                age: .now - child.started
            )
        }
    }

    /// The statistics of the runner so far.
    public var statistics: CommandStatistics {
        var statistics = tally
        statistics.running = children.count + starting.count
        return statistics
    }

    /// Runs a command to its end.
    ///
    /// Cancelling the task asks the command's process group to end and kills it after the grace;
    /// it returns when the process is gone and what it wrote has been read.
    ///
    /// - Parameters:
    ///   - input: the command's input, if its input is `.stream`.
    ///   - onOutput: called with the output's bytes in order, with all of them before this returns. It is
    ///     called on the event loop and must be quick.
    ///   - flow: pauses the output while its reader is behind; not for terminals.
    public nonisolated func run(
        _ command: Command,
        input: (any ByteSource)? = nil,
        onOutput: (@Sendable ([UInt8]) -> Void)? = nil,
        flow: OutputFlow? = nil
    ) async -> CommandOutcome {
        guard !Task.isCancelled else {
            return CommandOutcome(
                termination: .notStarted(reason: "it was cancelled before it began"),
                cancelled: true
            )
        }
        do throws(SystemError) {
            try EventLoop.start()
        } catch {
            return CommandOutcome(termination: .notStarted(reason: "\(error)"))
        }
        return await runOnLoop(command, input, onOutput, flow)
    }

    private func runOnLoop(
        _ command: Command,
        _ input: (any ByteSource)?,
        _ onOutput: (@Sendable ([UInt8]) -> Void)?,
        _ flow: OutputFlow?
    ) async -> CommandOutcome {
        let child: Child
        do throws(Launch.Failure) {
            child = try await start(command, input, onOutput)
            // The output of a command that has ended is not paused any more.
            if child.termination == nil { child.flow = flow }
        } catch {
            let outcome = CommandOutcome(
                termination: .notStarted(reason: error.reason),
                deadlinePassed: error.isLate,
                cancelled: error.isCancelled
            )
            tally.note(command.name, outcome)
            return outcome
        }
        return await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                if let input, command.input == .stream {
                    group.addTask { await self.pump(input, into: child) }
                } else {
                    child.closeInput()
                }
                let outcome = await outcome(of: child)
                group.cancelAll()
                return outcome
            }
        } onCancel: {
            EventLoop.post { self.cancel(child) }
        }
    }

    private func start(
        _ command: Command,
        _ input: (any ByteSource)?,
        _ onOutput: (@Sendable ([UInt8]) -> Void)?
    ) async throws(Launch.Failure) -> Child {
        var command = command
        command.environment[OrphanedCommands.variable] = owner
        let texts = command.arguments + command.environment.map { "\($0.key)=\($0.value)" }
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw Launch.Failure(reason: "an argument or a variable contains a null character")
        }
        guard command.program.hasPrefix("/") else {
            throw Launch.Failure(reason: "the program \(command.program) is not in PATH")
        }
        let id = nextID
        nextID += 1
        let launch = Launch(command) { [weak self] end in
            EventLoop.post { self?.reaped(id, end) }
        }
        starting.insert(id)
        defer {
            starting.remove(id)
            earlyEnds[id] = nil
        }
        let child = try await Child(
            id: id,
            command: command,
            launch.run(within: startPatience),
            end: earlyEnds[id],
            input: input,
            onOutput: onOutput
        )
        children[id] = child
        child.begin(in: self)
        noteEnd(child)
        return child
    }

    private func outcome(of child: Child) async -> CommandOutcome {
        if let outcome = child.outcome { return outcome }
        return await withCheckedContinuation { child.continuation = $0 }
    }
}

// MARK: - What happens to a child

extension CommandRunner {
    /// Handles a descriptor that is ready.
    func serve(_ child: Child, _ role: Child.Role) {
        switch role {
        case .input:
            continueInput(child)
        case .output, .errors:
            guard child.drain(role) else { return hold(child, role) }
            child.close(role)
            finishIfDone(child)
        case .exit:
            child.askForEnd()
            child.close(.exit)
            noteEnd(child)
        }
    }

    /// Handles a descriptor that cannot be watched. If it is that of the output, the command is ended; if
    /// it is that of the process, its end is noticed a little later, once Foundation has waited for it.
    func cannotWait(for role: Child.Role, of child: Child) {
        child.close(role)
        guard role != .exit else { return }
        child.inputFailure = child.inputFailure ?? PipeNotWaitedFor()
        end(child)
    }

    /// Stops reading the output while its reader is behind; the command then blocks when it writes.
    private func hold(_ child: Child, _ role: Child.Role) {
        guard role == .output, let flow = child.flow else { return }
        let isBehind = flow.isBehind { [weak self] in EventLoop.post { self?.release(child) } }
        if isBehind { child.hold() }
    }

    private func release(_ child: Child) {
        if !child.release() { cannotWait(for: .output, of: child) }
    }

    /// Does what is due at the time that has come.
    func timeHasCome(for child: Child) {
        guard children[child.id] === child, let time = child.nextTime else { return }
        let now = ContinuousClock.now
        guard time <= now else { return child.setAlarm(in: self) }
        if child.termination != nil {
            stopLingering(child, now)
        } else if child.killTime != nil {
            child.signal(SIGKILL)
            // If the kernel still holds the process, it ends when the kernel releases it.
            child.killTime = now + .seconds(1)
        } else {
            child.deadlinePassed = true
            end(child)
        }
        child.setAlarm(in: self)
    }

    private func stopLingering(_ child: Child, _ now: ContinuousClock.Instant) {
        guard !child.descendantsKilled else { return finish(child) }
        child.descendantsKilled = true
        child.signal(SIGKILL)
        child.lingerTime = now + patience
    }

    /// Asks a child to end, and has it killed if it does not end in time.
    func end(_ child: Child) {
        guard child.termination == nil, child.killTime == nil else { return }
        child.signal(SIGTERM)
        child.killTime = .now + grace
        child.setAlarm(in: self)
    }

    private func cancel(_ child: Child) {
        guard child.termination == nil else { return }
        child.isCancelled = true
        end(child)
    }

    /// Foundation has waited for the process, which it does once all descendants are gone.
    private func reaped(_ id: UInt64, _ end: Termination) {
        guard let child = children[id] else {
            if starting.contains(id) { earlyEnds[id] = end }
            return
        }
        child.isReaped = true
        child.termination = child.termination ?? end
        child.close(.exit)
        noteEnd(child)
    }

    private func noteEnd(_ child: Child) {
        guard child.termination != nil else { return }
        // The rest of the output is in the pipe, so reading it need not be paused.
        child.flow = nil
        release(child)
        if child.lingerTime == nil {
            child.lingerTime = .now + patience
            child.setAlarm(in: self)
        }
        finishIfDone(child)
    }

    private func finishIfDone(_ child: Child) {
        if child.termination != nil, child.isReaped, child.isDrained { finish(child) }
    }

    private func finish(_ child: Child) {
        guard children.removeValue(forKey: child.id) != nil else { return }
        child.closeAll()
        child.takePendingInput()?.resume(returning: false)
        let outcome = child.makeOutcome()
        tally.note(child.command.name, outcome)
        child.outcome = outcome
        child.continuation?.resume(returning: outcome)
        child.continuation = nil
    }
}
