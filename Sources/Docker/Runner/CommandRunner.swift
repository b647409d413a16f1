import CLinux
public import Engine
import Glibc

/// Runs docker commands, each as a child in a process group of its own.
///
/// A command is done when its process has ended and all it wrote has been read. Descendants that
/// outlive it do not hold it up: they are killed, and those that left the group are let go.
public actor CommandRunner {
    /// The program and its environment.
    public nonisolated let configuration: DockerConfiguration

    nonisolated let thread = CommandThread()
    private let owner: String?
    /// How long a child that was asked to end may take before it is killed.
    private let grace: Duration
    /// How long the end of output, and of descendants, is waited for after the process's own.
    private let patience: Duration
    /// How long the kernel may take to start a child.
    private let startPatience: Duration
    private(set) var children: [UInt64: Child] = [:]
    /// Those whose process is being started, and how those ended that were faster than that.
    private var starting: Set<UInt64> = []
    private var earlyEnds: [UInt64: Termination] = [:]
    private var nextID: UInt64 = 1
    private var tally = CommandStatistics()

    /// A command that is running.
    public struct RunningChild: Sendable, Equatable {
        /// The process's number, and its group's.
        public var pid: Int32
        /// The command's verb.
        public var verb: String
        /// The command's tag.
        public var tag: String?
        /// How long it has been running.
        public var age: Duration
    }

    /// A runner with a thread of its own, which ends with it.
    ///
    /// - Parameters:
    ///   - owner: by which `OrphanedCommands` finds what outlives this program.
    ///   - grace: how long a child that was asked to end may take before it is killed.
    ///   - patience: how long descendants that hold its pipes are waited for, before they are
    ///     killed and again after.
    ///   - startPatience: how long the kernel may take to start a child, with the wait for others'
    ///     starts; a command's own time begins after.
    public init(
        configuration: DockerConfiguration,
        owner: String? = nil,
        grace: Duration = .seconds(2),
        patience: Duration = .milliseconds(500),
        startPatience: Duration = .seconds(30)
    ) {
        self.configuration = configuration
        self.owner = owner
        self.grace = grace
        self.patience = patience
        self.startPatience = startPatience
        Launch.prepare()
        thread.start { [weak self] ready in
            self?.assumeIsolated { $0.turn(ready) } ?? -1
        }
    }

    deinit {
        thread.end()
    }

    /// The runner's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe thread.asUnownedSerialExecutor()
    }

    /// The commands that are running, the oldest first.
    public var running: [RunningChild] {
        children.values.sorted { $0.id < $1.id }.filter { $0.termination == nil }.map { child in
            RunningChild(
                pid: child.pid,
                verb: child.command.verb,
                tag: child.command.tag,
                age: .now - child.started
            )
        }
    }

    /// What the runner has done so far.
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
    ///   - input: what the command reads; for commands whose input is `.stream`.
    ///   - onOutput: given the output's bytes in order, all of them before this returns. Called on
    ///     the runner's thread: must be quick.
    ///   - flow: holds the output back while its reader is behind; for all but terminals.
    public func run(
        _ command: DockerCommand,
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
        let child: Child
        do throws(Launch.Failure) {
            child = try await start(command, input, onOutput)
            // One that has ended is not held back any more.
            if child.termination == nil { child.flow = flow }
        } catch {
            let outcome = CommandOutcome(
                termination: .notStarted(reason: error.reason),
                deadlinePassed: error.isLate,
                cancelled: error.isCancelled
            )
            tally.note(command.verb, outcome)
            return outcome
        }
        let id = child.id
        return await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                if let input, command.input == .stream {
                    group.addTask { await self.pump(input, into: id) }
                } else {
                    closeInput(id)
                }
                let outcome = await outcome(of: child)
                group.cancelAll()
                return outcome
            }
        } onCancel: {
            thread.perform { self.assumeIsolated { $0.cancel(id) } }
        }
    }

    private func start(
        _ command: DockerCommand,
        _ input: (any ByteSource)?,
        _ onOutput: (@Sendable ([UInt8]) -> Void)?
    ) async throws(Launch.Failure) -> Child {
        var environment = configuration.environment.merging(command.environment) { $1 }
        environment[OrphanedCommands.variable] = owner
        let texts = command.arguments + environment.map { "\($0.key)=\($0.value)" }
        guard !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw Launch.Failure(reason: "an argument or a variable contains a null character")
        }
        guard configuration.executable.hasPrefix("/") else {
            throw Launch.Failure(reason: "the program \(configuration.executable) is not in PATH")
        }
        let id = nextID
        nextID += 1
        let launch = Launch(
            configuration.executable,
            command,
            environment: environment
        ) { [thread, weak self] end in
            guard let self else { return }
            thread.perform { self.assumeIsolated { $0.reaped(id, end) } }
        }
        starting.insert(id)
        defer {
            starting.remove(id)
            earlyEnds[id] = nil
        }
        let started = try await launch.run(within: startPatience)
        let child = Child(
            id: id,
            command: command,
            pid: started.pid,
            descriptors: started.descriptors,
            end: earlyEnds[id],
            input: input,
            onOutput: onOutput
        )
        children[id] = child
        watch(child)
        noteEnd(child)
        return child
    }

    private func watch(_ child: Child) {
        let readable = [
            (child.descriptors.output, Child.Role.output), (child.descriptors.errors, .errors),
            (child.exitDescriptor, .exit),
        ]
        for (descriptor, role) in readable where descriptor >= 0 {
            wait(for: descriptor, of: child, role)
        }
    }

    /// Has the descriptor reported. A command whose output cannot be waited for is ended; one whose
    /// end cannot be is noticed a little later, once Foundation has waited for it.
    private func wait(for descriptor: Int32, of child: Child, _ role: Child.Role) {
        let events = EPOLLIN.rawValue
        guard !thread.add(descriptor, events: events, token: child.token(role)) else { return }
        guard role != .exit else { return closeExit(child) }
        child.inputFailure = child.inputFailure ?? PipeNotWaitedFor()
        closeOutput(child, role)
        end(child)
    }

    private func outcome(of child: Child) async -> CommandOutcome {
        if let outcome = child.outcome { return outcome }
        return await withCheckedContinuation { child.continuation = $0 }
    }
}

// MARK: - Turns

extension CommandRunner {
    /// Serves the descriptors that are ready and the times that have come. Gives the milliseconds
    /// until the next of them; -1 if there is none.
    private func turn(_ ready: [CommandThread.Ready]) -> Int32 {
        for item in ready {
            guard let child = children[item.token >> 2],
                let role = Child.Role(rawValue: item.token & 3)
            else { continue }
            serve(child, role)
        }
        let now = ContinuousClock.now
        for child in children.values {
            if let time = child.nextTime, time <= now { act(child, now) }
        }
        guard let next = children.values.compactMap(\.nextTime).min() else { return -1 }
        let left = next - .now
        let milliseconds =
            left.components.seconds * 1000
            + left.components.attoseconds / 1_000_000_000_000_000
        return Int32(min(max(0, milliseconds + 1), 60_000))
    }

    private func serve(_ child: Child, _ role: Child.Role) {
        switch role {
        case .input:
            if child.descriptors.input >= 0 { thread.remove(child.descriptors.input) }
            if !continueInput(child) { waitForInput(of: child) }
        case .output, .errors:
            guard child.drain(role) else { return hold(child, role) }
            closeOutput(child, role)
            finishIfDone(child)
        case .exit:
            child.askForEnd()
            closeExit(child)
            noteEnd(child)
        }
    }

    /// Reads no more output while its reader is behind: the command waits in its own writing then.
    private func hold(_ child: Child, _ role: Child.Role) {
        guard role == .output, let flow = child.flow else { return }
        let id = child.id
        let isBehind = flow.isBehind { [thread, weak self] in
            guard let self else { return }
            thread.perform { self.assumeIsolated { $0.release(id) } }
        }
        guard isBehind else { return }
        child.isHeld = true
        thread.remove(child.descriptors.output)
    }

    private func release(_ id: UInt64) {
        guard let child = children[id], child.isHeld else { return }
        child.isHeld = false
        wait(for: child.descriptors.output, of: child, .output)
    }

    /// What is to be done now that a time has come.
    private func act(_ child: Child, _ now: ContinuousClock.Instant) {
        guard child.termination == nil else { return stopLingering(child, now) }
        if child.killTime != nil {
            child.signal(SIGKILL)
            // A process that the kernel holds ends when it lets go.
            child.killTime = now + .seconds(1)
        } else {
            child.deadlinePassed = true
            end(child)
        }
    }

    private func stopLingering(_ child: Child, _ now: ContinuousClock.Instant) {
        guard !child.descendantsKilled else { return finish(child) }
        child.descendantsKilled = true
        child.signal(SIGKILL)
        child.lingerTime = now + patience
    }

    /// Asks a child to end, and sees to it that it does.
    func end(_ child: Child) {
        guard child.termination == nil, child.killTime == nil else { return }
        child.signal(SIGTERM)
        child.killTime = .now + grace
    }

    private func cancel(_ id: UInt64) {
        guard let child = children[id], child.termination == nil else { return }
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
        closeExit(child)
        noteEnd(child)
    }

    private func noteEnd(_ child: Child) {
        guard child.termination != nil else { return }
        // What is left is what the pipe holds, and it is not waited for.
        child.flow = nil
        release(child.id)
        child.lingerTime = child.lingerTime ?? .now + patience
        finishIfDone(child)
    }

    private func finishIfDone(_ child: Child) {
        if child.termination != nil, child.isReaped, child.isDrained { finish(child) }
    }

    private func finish(_ child: Child) {
        children[child.id] = nil
        closeOutput(child, .output)
        closeOutput(child, .errors)
        closeExit(child)
        if child.descriptors.input >= 0 {
            if child.pendingInput != nil { thread.remove(child.descriptors.input) }
            close(child.descriptors.input)
            child.descriptors.input = -1
        }
        child.pendingInput?.continuation.resume(returning: false)
        child.pendingInput = nil
        let outcome = child.makeOutcome()
        tally.note(child.command.verb, outcome)
        child.outcome = outcome
        child.continuation?.resume(returning: outcome)
        child.continuation = nil
    }

    private func closeOutput(_ child: Child, _ role: Child.Role) {
        let descriptor = role == .errors ? child.descriptors.errors : child.descriptors.output
        guard descriptor >= 0 else { return }
        thread.remove(descriptor)
        close(descriptor)
        if role == .errors { child.descriptors.errors = -1 } else { child.descriptors.output = -1 }
    }

    private func closeExit(_ child: Child) {
        guard child.exitDescriptor >= 0 else { return }
        thread.remove(child.exitDescriptor)
        close(child.exitDescriptor)
        child.exitDescriptor = -1
    }
}
