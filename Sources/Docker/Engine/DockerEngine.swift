import Deployments
public import Engine
import Streams
public import Subprocess
import Synchronization
import Threads

/// A docker engine, reached through the docker command.
public struct DockerEngine: Engine {
    let configuration: DockerConfiguration
    let runner: CommandRunner
    let work: EngineWork
    private let known: Known

    /// The answers that are kept for all work.
    private final class Known: Sendable {
        let platform = Mutex<EnginePlatform?>(nil)
        let setup = Mutex<EngineSetup?>(nil)
    }

    /// The engine that a configuration's commands reach.
    public init(_ configuration: DockerConfiguration, runner: CommandRunner) {
        self.configuration = configuration
        self.runner = runner
        work = EngineWork()
        known = Known()
    }

    private init(_ engine: DockerEngine, _ work: EngineWork) {
        configuration = engine.configuration
        runner = engine.runner
        known = engine.known
        self.work = work
    }

    /// The same engine, for calls that belong to one piece of work.
    public func working(on work: EngineWork) -> any Engine { DockerEngine(self, work) }

    /// Whether the ports that the engine publishes are this machine's.
    public var isLocal: Bool { configuration.isLocal }

    // MARK: Commands

    /// Runs a command and returns its outcome, however it ends.
    func outcome(
        _ command: DockerCommand,
        input: (any ByteSource)? = nil,
        onOutput: (@Sendable ([UInt8]) -> Void)? = nil,
        flow: OutputFlow? = nil
    ) async -> CommandOutcome {
        await runner.run(prepared(command), input: input, onOutput: onOutput, flow: flow)
    }

    private func prepared(_ command: DockerCommand) -> Command {
        command.command(of: configuration, tag: work.tag)
    }

    /// Runs a query; throws unless it succeeds.
    func ask(_ command: DockerCommand) async throws(EngineFailure) -> CommandOutcome {
        let outcome = await outcome(limited(command))
        guard outcome.succeeded else { throw failure(outcome, of: command) }
        return outcome
    }

    /// A query with the time limit of this work.
    func limited(_ command: DockerCommand) -> DockerCommand {
        var command = command
        command.deadline = work.limit ?? command.deadline
        return command
    }

    /// How long a change may still take after its task is cancelled. Together with the time that a child
    /// process gets to end, a cancellation is over within 5 s.
    private static let patience: Duration = .seconds(2)

    /// Runs a command that the engine carries out even if its client is killed.
    func outcomeOfChange(
        _ command: DockerCommand,
        input: (any ByteSource)? = nil
    ) async -> CommandOutcome {
        guard !Task.isCancelled else {
            return CommandOutcome(
                termination: .notStarted(reason: "it was cancelled before it began"),
                cancelled: true
            )
        }
        let whole = prepared(command)
        let runner = runner
        // Awaited right below, and cancelled there when the time is over.
        let task = Task { await runner.run(whole, input: input) }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            // Ends by itself after the pause; cancelling a finished task does nothing.
            Task {
                try? await Task.pause(for: Self.patience)  // Never cancelled.
                task.cancel()
            }
        }
    }

    /// Runs a change; throws unless it succeeds.
    func change(_ command: DockerCommand) async throws(EngineFailure) {
        let outcome = await outcomeOfChange(command)
        guard outcome.succeeded else { throw failure(outcome, of: command) }
    }

    /// The failure that a command's outcome stands for.
    func failure(_ outcome: CommandOutcome, of command: DockerCommand) -> EngineFailure {
        EngineFailure(outcome, of: command, image: work.image, mask: work.mask)
    }

    // MARK: The engine

    /// The engine's version. Every call asks the engine.
    public func version(within limit: Duration) async throws(EngineFailure) -> EngineVersion {
        var command = DockerCommand.serverVersion()
        command.deadline = limit
        let outcome = await outcome(command)
        let server = (try? JSONValue(parsing: outcome.output))?["Server"]
        guard outcome.succeeded, let server, !server.isNull else {
            throw failure(outcome, of: command)
        }
        var platform: EnginePlatform?
        if let os = server["Os"]?.string, let architecture = server["Arch"]?.string {
            platform = EnginePlatform(os: os, architecture: architecture)
        }
        return EngineVersion(number: server["Version"]?.string, platform: platform)
    }

    /// The platform that the engine runs without emulation; nil if it does not say. An answer is kept.
    public func platform() async throws(EngineFailure) -> EnginePlatform? {
        if let platform = known.platform.withLock({ $0 }) { return platform }
        let platform = try await version(within: .seconds(30)).platform
        known.platform.withLock { $0 = platform }
        return platform
    }

    /// The platform, if anybody has asked for it.
    var knownPlatform: EnginePlatform? { known.platform.withLock { $0 } }

    /// How the engine is set up. An answer is kept.
    public func setup() async throws(EngineFailure) -> EngineSetup {
        if let setup = known.setup.withLock({ $0 }) { return setup }
        let output = try await ask(.engineSetup()).output
        guard let setup = EngineSetup(output) else {
            return EngineSetup(takesLogOptions: false, dataFolder: nil)
        }
        known.setup.withLock { $0 = setup }
        return setup
    }

    /// The time of the engine's clock.
    public func time() async throws(EngineFailure) -> String {
        let command = DockerCommand.engineTime()
        let outcome = await outcome(command)
        guard outcome.succeeded, let time = (try? JSONValue(parsing: outcome.output))?.string else {
            throw failure(outcome, of: command)
        }
        return time
    }

    /// The most bytes that the line of an event has.
    private static let longestEvent = 1 << 20

    /// Hands over events of containers until the task is cancelled or the engine is lost.
    public func follow(
        labelled label: String,
        since: String,
        _ take: @escaping @Sendable ([ContainerEvent]) -> Void
    ) async -> EngineFailure {
        let command = DockerCommand.events(
            labels: [(label, nil)],
            actions: ContainerEvent.actions,
            since: since
        )
        // Read here, because the thread that serves the command must not wait for long events.
        let flow = OutputFlow(limit: Self.longestEvent)
        let (pieces, end) = AsyncStream.makeStream(of: [UInt8].self)
        @Sendable func run() async -> CommandOutcome {
            defer { end.finish() }
            return await outcome(command, onOutput: { end.yield($0) }, flow: flow)
        }
        async let ended = run()
        var output = TerminalOutput(limit: Self.longestEvent)
        for await piece in pieces {
            var events: [ContainerEvent] = []
            output.feed(piece) { line in
                if let event = ContainerEvent(line: line) { events.append(event) }
            }
            if !events.isEmpty { take(events) }
            flow.took(piece.count)
        }
        return failure(await ended, of: command)
    }

    /// Throws unless the engine has a network of that name.
    public func checkNetwork(_ name: String) async throws(EngineFailure) {
        _ = try await ask(.networkInspect(name))
    }
}

extension EngineFailure {
    /// The failure that a command's outcome stands for. All lines are masked together: a secret may
    /// begin in one line and end in the one that the message quotes.
    init(
        _ outcome: CommandOutcome,
        of command: DockerCommand,
        image: String,
        mask: ([String]) -> [String]
    ) {
        self = .classify(verb: command.verb, outcome: outcome, image: image)
        var masked = outcome
        masked.errorLines = mask(outcome.errorLines)
        let told = Self.classify(verb: command.verb, outcome: masked, image: image)
        if told.code == code { message = told.message }
        exitCode = outcome.exitCode
        lines = Array(masked.errorLines.suffix(20))
        isMissing = outcome.saysMissing
        neverArrived = outcome.neverArrived
        ports = Self.ports(in: outcome.errorLines)
    }

    /// The ports that are named in lines such as `0.0.0.0:8080: bind` and `Bind for :::8080 failed`.
    private static func ports(in lines: [String]) -> Set<UInt16> {
        var ports: Set<UInt16> = []
        for line in lines {
            for part in line.split(separator: ":", omittingEmptySubsequences: false).dropFirst() {
                if let port = UInt16(part.prefix { $0.isASCII && $0.isNumber }) {
                    ports.insert(port)
                }
            }
        }
        return ports
    }
}
