import Deployments
public import Engine
import Streams
public import Subprocess
import Synchronization
import Threads

/// A docker engine, by way of the docker command.
public struct DockerEngine: Engine {
    let configuration: DockerConfiguration
    let runner: CommandRunner
    let work: EngineWork
    private let known: Known

    /// What is asked once for all work.
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

    /// The same engine, for one piece of work.
    public func working(on work: EngineWork) -> any Engine { DockerEngine(self, work) }

    /// Whether the ports that it publishes are this machine's.
    public var isLocal: Bool { configuration.isLocal }

    // MARK: Commands

    /// Runs a command, and gives its outcome however it ends.
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

    /// Runs a command that only asks; throws unless it succeeds.
    func ask(_ command: DockerCommand) async throws(EngineFailure) -> CommandOutcome {
        let outcome = await outcome(limited(command))
        guard outcome.succeeded else { throw failure(outcome, of: command) }
        return outcome
    }

    /// A command that only asks, with the time that it may take for this work.
    func limited(_ command: DockerCommand) -> DockerCommand {
        var command = command
        command.deadline = work.limit ?? command.deadline
        return command
    }

    /// How long a command that changes something is waited for after its task is cancelled. With the
    /// grace of a child that is to end, a cancellation is over within 5 s.
    private static let patience: Duration = .seconds(2)

    /// Runs a command that the engine would carry out even if its client were killed.
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
        // Awaited right below; cancelled there when patience is over.
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

    /// Runs a command that changes something; throws unless it succeeds.
    func change(_ command: DockerCommand) async throws(EngineFailure) {
        let outcome = await outcomeOfChange(command)
        guard outcome.succeeded else { throw failure(outcome, of: command) }
    }

    /// The failure that a command's outcome stands for.
    func failure(_ outcome: CommandOutcome, of command: DockerCommand) -> EngineFailure {
        EngineFailure(outcome, of: command, image: work.image, mask: work.mask)
    }

    // MARK: The engine

    /// Its version, asked for anew.
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

    /// What it runs by itself, asked for once; nil if it does not tell.
    public func platform() async throws(EngineFailure) -> EnginePlatform? {
        if let platform = known.platform.withLock({ $0 }) { return platform }
        let platform = try await version(within: .seconds(30)).platform
        known.platform.withLock { $0 = platform }
        return platform
    }

    /// What it runs by itself, as far as anybody has asked.
    var knownPlatform: EnginePlatform? { known.platform.withLock { $0 } }

    /// How it is set up, asked for once.
    public func setup() async throws(EngineFailure) -> EngineSetup {
        if let setup = known.setup.withLock({ $0 }) { return setup }
        let output = try await ask(.engineSetup()).output
        guard let json = try? JSONValue(parsing: output) else {
            return EngineSetup(takesLogOptions: false, dataFolder: nil)
        }
        let setup = EngineSetup(
            // These write files, whose sizes their options limit.
            takesLogOptions: ["json-file", "local"].contains(json["log_driver"]?.string),
            dataFolder: json["data_folder"]?.string
        )
        known.setup.withLock { $0 = setup }
        return setup
    }

    /// Its own time.
    public func time() async throws(EngineFailure) -> String {
        let command = DockerCommand.engineTime()
        let outcome = await outcome(command)
        guard outcome.succeeded, let time = (try? JSONValue(parsing: outcome.output))?.string else {
            throw failure(outcome, of: command)
        }
        return time
    }

    /// A line of an event is no longer.
    private static let longestEvent = 1 << 20

    /// Tells what happens to containers, until the engine is lost.
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
        // Read here, and not where the command is served: an event may be long.
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

    /// Throws unless it has a network of that name.
    public func checkNetwork(_ name: String) async throws(EngineFailure) {
        _ = try await ask(.networkInspect(name))
    }
}

extension EngineFailure {
    /// The failure that a command's outcome stands for. A message may quote one line, and a secret
    /// may begin in another: all are masked together.
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

    /// The ports that lines name: `0.0.0.0:8080: bind`, `Bind for :::8080 failed`.
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
