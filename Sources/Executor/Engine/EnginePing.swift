public import Docker
import Engine

/// Asks whether the engine answers.
public struct EnginePing: Sendable {
    private let runner: CommandRunner

    /// A probe of the runner's engine.
    public init(runner: CommandRunner) {
        self.runner = runner
    }

    /// A sentence that says why the engine does not answer within `limit`; nil if it does.
    public func trouble(limit: Duration) async -> String? {
        var command = DockerCommand.serverVersion()
        command.deadline = limit
        let outcome = await runner.run(command)
        guard !outcome.succeeded else { return nil }
        return EngineFailure.classify(verb: command.verb, outcome: outcome, image: "")
            .message
    }
}
