public import Deployments
import Docker
import Engine
import Journal

/// What a container has written, and writes.
public struct WorkloadLog: Sendable {
    let command: DockerCommand
    let runner: CommandRunner
    let redactor: Redactor
    /// Counts as a log that is read, for as long as this value lives.
    let permit: LogPermit

    /// Bytes that are held while whoever takes the lines is slow.
    private static let mostHeld = 131_072

    /// Hands the lines over, without secrets and without their ends, some at a time; no faster than
    /// they are taken. Ends with the log, when `take` gives false, or when the task is cancelled.
    public func read(_ take: @Sendable ([String]) async -> Bool) async {
        let (pieces, piece) = AsyncStream.makeStream(of: [UInt8].self)
        let flow = OutputFlow(limit: Self.mostHeld)
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [command, runner] in
                _ = await runner.run(command, onOutput: { piece.yield($0) }, flow: flow)
                piece.finish()
            }
            await hand(over: pieces, flow, to: take)
            // Nobody takes any more: the command is ended.
            group.cancelAll()
        }
    }

    private func hand(
        over pieces: AsyncStream<[UInt8]>,
        _ flow: OutputFlow,
        to take: @Sendable ([String]) async -> Bool
    ) async {
        var lines = RedactedLines(redactor)
        for await piece in pieces {
            let whole = lines.feed(piece)
            guard whole.isEmpty ? true : await take(whole) else { return }
            flow.took(piece.count)
        }
        if let last = lines.finish() { _ = await take([last]) }
    }
}

extension WorkloadMonitor {
    /// How many logs were refused because too many were being read.
    public nonisolated var refusedLogs: Int { logs.refused }

    /// The log of a deployment's container, whether it runs or not.
    ///
    /// - Parameters:
    ///   - lines: how many of those it has written.
    ///   - follow: also what it writes from then on, until it stops.
    public func log(
        of id: DeploymentID,
        lines: Int,
        follow: Bool
    ) async throws(WorkloadError) -> WorkloadLog {
        let record = try await record(of: id)
        guard let permit = logs.take(for: record.deployment.tenant) else { throw .tooManyLogs }
        let container = try await container(of: record)
        let probe = DockerCommand.logsProbe(container)
        let outcome = await runner.run(probe)
        // Once lines are sent, an error could only look like one of them.
        guard outcome.succeeded else { throw engineError(outcome, probe, record) }
        return WorkloadLog(
            command: .logs(container, lines: lines, follow: follow),
            runner: runner,
            redactor: try await redactor(for: container, record),
            permit: permit
        )
    }

    /// The deployment's container: the one that its result names, else one that it had created.
    @inline(never)
    private func container(of record: DeploymentRecord) async throws(WorkloadError) -> String {
        let id = record.deployment.id
        let command = DockerCommand.containersByLabel([(Label.deployment, id.text)])
        let outcome = await runner.run(command)
        guard outcome.succeeded else { throw engineError(outcome, command, record) }
        let own = record.state.result?.containerID
        for container in ContainerSummary.decode(outcome.output) {
            if let own {
                if container.id.hasPrefix(own) { return container.id }
            } else if try await isOwn(container.id, of: id) {
                return container.id
            }
        }
        guard record.state.workload != nil else { throw .noContainer(record.state.status) }
        throw .removed(replacedBy: try await successor(of: record))
    }

    /// Whether the deployment had the container created. The label that it has proves nothing.
    private func isOwn(
        _ container: String,
        of id: DeploymentID
    ) async throws(WorkloadError) -> Bool {
        let outcome = await runner.run(.containerInspect([container]))
        guard let found = Container.decode(outcome.output).first else { return false }
        do {
            return try await journal.owner(of: found.claim)?.deployment == id
        } catch {
            throw .journal(error)
        }
    }

    /// What masks the container's environment values, which are kept nowhere else.
    @inline(never)
    private func redactor(
        for container: String,
        _ record: DeploymentRecord
    ) async throws(WorkloadError) -> Redactor {
        let names = DeploymentRequest.environmentNames(record.deployment.request)
        guard !names.isEmpty else { return Redactor(values: []) }
        let command = DockerCommand.containerEnvironment(container)
        let outcome = await runner.run(command)
        let values = ContainerEnvironment.decode(outcome.output)
        // Rather no log than one with secrets in it.
        guard outcome.succeeded, names.allSatisfy({ values[$0] != nil }) else {
            throw engineError(outcome, command, record)
        }
        return Redactor(values: names.compactMap { values[$0] })
    }

    private func engineError(
        _ outcome: CommandOutcome,
        _ command: DockerCommand,
        _ record: DeploymentRecord
    ) -> WorkloadError {
        .engine(
            EngineFailure.classify(
                verb: command.verb,
                outcome: outcome,
                image: record.deployment.image
            )
        )
    }
}
