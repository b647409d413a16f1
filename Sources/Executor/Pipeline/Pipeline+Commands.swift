import Deployments
import Docker
import Engine
import Threads

extension Pipeline {
    /// Runs a docker command of this deployment. Throws when the deployment is to end.
    func perform(
        _ command: DockerCommand,
        input: (any ByteSource)? = nil
    ) async throws -> CommandOutcome {
        var command = command
        command.tag = id.text
        let outcome = await runner.run(command, input: input)
        try Task.checkCancellation()
        return outcome
    }

    /// Runs a docker command whose failure means nothing.
    func look(_ command: DockerCommand) async -> CommandOutcome {
        var command = command
        command.tag = id.text
        return await runner.run(command)
    }

    /// Runs a docker command that the engine would carry out even if its client were killed. So a
    /// cancellation waits for it, up to `patience`, that the engine is not left halfway.
    func performWhole(
        _ command: DockerCommand,
        input: (any ByteSource)? = nil
    ) async throws -> CommandOutcome {
        try Task.checkCancellation()
        // With the grace of a child that is to end, a cancellation is over within 5 s.
        let patience = Duration.seconds(2)
        var command = command
        command.tag = id.text
        let whole = command
        let runner = runner
        // Awaited right below; cancelled there when patience is over.
        let task = Task { await runner.run(whole, input: input) }
        let outcome = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            // Ends by itself after the pause; cancelling a finished task does nothing.
            Task {
                try? await Task.pause(for: patience)  // Never cancelled.
                task.cancel()
            }
        }
        try Task.checkCancellation()
        return outcome
    }

    /// The failure that a command's outcome stands for.
    func failure(_ outcome: CommandOutcome, of command: DockerCommand) -> StageFailure {
        let cause = EngineFailure.classify(
            verb: command.verb,
            outcome: outcome,
            image: request.image
        )
        // A message may quote one line, and a secret may begin in another: all are masked together.
        var masked = outcome
        masked.errorLines = redactor.redact(lines: outcome.errorLines)
        let told = EngineFailure.classify(
            verb: command.verb,
            outcome: masked,
            image: request.image
        )
        return StageFailure(
            cause.code,
            told.code == cause.code ? told.message : cause.message,
            hint: cause.hint,
            exitCode: outcome.exitCode,
            outputTail: Array(masked.errorLines.suffix(20))
        )
    }

    /// Runs a command and throws unless it succeeded.
    @discardableResult
    func performChecked(_ command: DockerCommand) async throws -> CommandOutcome {
        let outcome = try await perform(command)
        guard outcome.succeeded else { throw failure(outcome, of: command) }
        return outcome
    }

    /// Runs a command that changes nothing. An engine that has answered before and is away, as
    /// while it is started again, is waited for.
    func ask(_ command: DockerCommand) async throws -> CommandOutcome {
        var outcome = try await perform(command)
        // It may go again before the command has come to it.
        for _ in 0..<5 {
            guard engineHasAnswered, !outcome.succeeded,
                failure(outcome, of: command).code == .dockerUnavailable, await engineComesBack()
            else { break }
            outcome = try await perform(command)
        }
        return outcome
    }

    /// Waits for an engine that does not answer; false if it stays away, or the deployment is
    /// to end.
    func engineComesBack() async -> Bool {
        guard engineHasAnswered else { return false }
        let end = ContinuousClock.now + options.enginePatience
        // A journal that fails shows in the stage's own events.
        try? await recorder.note("The engine does not answer; waiting for it")
        var pause = Duration.milliseconds(100)
        while ContinuousClock.now < end, !Task.isCancelled {
            try? await Task.pause(for: pause)  // Cancelled: the loop ends.
            pause = min(pause * 2, .seconds(2))
            let command = DockerCommand.serverVersion()
            let outcome = await look(command)
            if outcome.succeeded {
                engineWasAway = true
                return true
            }
            if failure(outcome, of: command).code != .dockerUnavailable { return false }
        }
        return false
    }

    /// The container of that name as the engine sees it now; nil if there is none.
    func inspect(named name: String) async throws -> Container? {
        let command = DockerCommand.containerInspect([name])
        let outcome = try await ask(command)
        if let container = Container.decode(outcome.output).first {
            // Where none has the name, docker gives one whose id begins like it.
            return container.name == name ? container : nil
        }
        guard outcome.saysMissing || outcome.saysAmbiguous else {
            throw failure(outcome, of: command)
        }
        return nil
    }

    /// The container of that id as the engine sees it now; nil if there is none.
    func inspect(_ id: String) async throws -> Container? {
        let command = DockerCommand.containerInspect([id])
        let outcome = try await ask(command)
        if let container = Container.decode(outcome.output).first { return container }
        guard outcome.saysMissing else { throw failure(outcome, of: command) }
        return nil
    }

    /// The last lines that the container has written, without secrets, and the beginning of those
    /// that are very long.
    func logTail(_ container: String) async -> LogTail {
        let command = DockerCommand.logsTail(container)
        let outcome = await look(command)
        guard outcome.succeeded else {
            return LogTail(note: failure(outcome, of: command).message)
        }
        let lines = ContainerLog.merge(
            masked(outcome.output, isCut: outcome.outputTruncated),
            masked(outcome.errors, isCut: outcome.errors.count >= command.errorLimit),
            last: LogTail.most
        )
        return LogTail(lines.map { LogTail.shortened($0.text) })
    }

    /// Masked by stream: a secret of several lines is whole in one.
    private func masked(_ stream: [UInt8], isCut: Bool) -> [ContainerLog.Line] {
        var lines = ContainerLog.lines(of: stream, last: 4 * LogTail.most)
        let texts = redactor.redact(lines: lines.map(\.text), lastIsCut: isCut)
        for (index, text) in texts.enumerated() { lines[index].text = text }
        return lines.filter { line in line.text.contains { !$0.isWhitespace } }
    }
}
