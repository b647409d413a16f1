public import Deployments
public import Engine
public import Streams
import Subprocess

extension DockerEngine {
    /// The container of that id; nil if there is none.
    public func container(_ id: String) async throws(EngineFailure) -> Container? {
        let command = DockerCommand.containerInspect([id])
        let outcome = await outcome(limited(command))
        if let container = Container.decode(outcome.output).first { return container }
        guard outcome.saysMissing else { throw failure(outcome, of: command) }
        return nil
    }

    /// The container of that name; nil if there is none.
    public func container(named name: String) async throws(EngineFailure) -> Container? {
        let command = DockerCommand.containerInspect([name])
        let outcome = await outcome(limited(command))
        if let container = Container.decode(outcome.output).first {
            // If no container has the name, docker gives one whose id begins with it.
            return container.name == name ? container : nil
        }
        guard outcome.saysMissing || outcome.saysAmbiguous else {
            throw failure(outcome, of: command)
        }
        return nil
    }

    /// The containers that have these ids or names.
    public func containers(
        _ names: [String]
    ) async throws(EngineFailure) -> ContainerFindings {
        let command = DockerCommand.containerInspect(names)
        let outcome = await outcome(limited(command))
        guard outcome.succeeded || outcome.saysMissing || outcome.saysAmbiguous else {
            throw failure(outcome, of: command)
        }
        let answers = outcome.errorLines.filter { $0.hasPrefix("Error") }
        let missing = names.filter { name in answers.contains { $0.contains(name) } }
        return ContainerFindings(found: Container.decode(outcome.output), missing: Set(missing))
    }

    /// All containers, running or not, that carry a label; with any value if none is given.
    public func containers(
        labelled label: String,
        _ value: String?
    ) async throws(EngineFailure) -> [ContainerSummary] {
        let outcome = try await ask(.containersByLabel([(name: label, value: value)]))
        return ContainerSummary.decode(outcome.output)
    }

    /// The running containers that publish this TCP port of the host.
    public func containers(
        publishing port: UInt16
    ) async throws(EngineFailure) -> [ContainerSummary] {
        ContainerSummary.decode(try await ask(.containersPublishing(port)).output)
    }

    /// The variables of a container's program. Secret.
    public func environment(of id: String) async throws(EngineFailure) -> [String: String] {
        ContainerEnvironment.decode(try await ask(.containerEnvironment(id)).output)
    }

    /// The most lines of each stream that are kept.
    private static let mostLines = 80

    /// The end of what a container has written.
    public func log(of id: String) async throws(EngineFailure) -> ContainerLog {
        let command = DockerCommand.logsTail(id)
        let outcome = try await ask(command)
        return ContainerLog(
            output: ContainerLog.lines(of: outcome.output, last: Self.mostLines),
            errors: ContainerLog.lines(of: outcome.errors, last: Self.mostLines),
            outputIsCut: outcome.outputTruncated,
            errorsAreCut: outcome.errors.count >= command.errorLimit
        )
    }

    /// Throws unless the engine can read what a container has written.
    public func checkLog(of id: String) async throws(EngineFailure) {
        _ = try await ask(.logsProbe(id))
    }

    /// Hands over what a container has written and, if `follow` holds, what it writes from then on.
    public func readLog(
        of id: String,
        lines: Int,
        follow: Bool,
        flow: OutputFlow,
        _ take: @escaping @Sendable ([UInt8]) -> Void
    ) async {
        let command = DockerCommand.logs(id, lines: lines, follow: follow)
        _ = await outcome(command, onOutput: take, flow: flow)
    }

    /// Creates a container and returns its id.
    public func create(
        _ specification: ContainerSpecification,
        _ environment: ContainerEnvironment
    ) async throws(EngineFailure) -> String {
        let creation = ContainerCreation(
            specification,
            environment,
            configuration: configuration
        )
        let outcome = creation.outcome(
            await outcomeOfChange(creation.command, input: creation.input)
        )
        guard outcome.succeeded else { throw failure(outcome, of: creation.command) }
        let output = String(decoding: outcome.output, as: UTF8.self)
        // Whatever else the client says comes before the id.
        guard let id = output.split(whereSeparator: \.isWhitespace).last, id.count >= 12 else {
            var failure = EngineFailure(
                code: .internal,
                message: "docker create gave no container id.",
                hint: "See whether the docker command is the real one."
            )
            failure.lines = [String(output.prefix(200))]
            throw failure
        }
        return String(id)
    }

    /// Connects a container to one more network.
    public func connect(
        _ id: String,
        to attachment: ContainerSettings.Attachment
    ) async throws(EngineFailure) {
        try await change(.networkConnect(id, to: attachment))
    }

    /// Starts a container.
    public func start(_ id: String) async throws(EngineFailure) { try await change(.start(id)) }

    /// Asks a container's program to end, and kills it after `seconds` seconds.
    public func stop(_ id: String, seconds: Int) async throws(EngineFailure) {
        try await change(.stop(id, seconds: seconds))
    }

    /// Removes a container and its anonymous volumes, even while it runs.
    public func remove(_ id: String) async throws(EngineFailure) { try await change(.remove(id)) }

    /// Gives a container another name.
    public func rename(_ id: String, to name: String) async throws(EngineFailure) {
        try await change(.rename(id, to: name))
    }

    /// Sets when the engine starts a container again.
    public func setRestartPolicy(_ policy: String, of id: String) async throws(EngineFailure) {
        try await change(.updateRestart(id, policy: policy))
    }

    /// Extracts a tar archive into a folder of a container. The folder must exist.
    public func copy(
        _ archive: any ByteSource,
        into id: String,
        at path: String
    ) async throws(EngineFailure) {
        let command = DockerCommand.copyArchive(into: id, path: path)
        let outcome = await outcome(command, input: archive)
        guard outcome.succeeded else { throw failure(outcome, of: command) }
    }

    /// The contents of one file of a container, or of the files in a folder. Secret.
    public func files(
        at path: String,
        in id: String
    ) async throws(EngineFailure) -> [String: [UInt8]] {
        TarContents.files(in: try await ask(.copyArchive(from: id, path: path)).output)
    }

    /// Waits until a container's program has ended, and returns its exit status.
    public func awaitEnd(of id: String) async throws(EngineFailure) -> Int {
        let command = DockerCommand.wait(id)
        let outcome = await outcome(command)
        let text = String(decoding: outcome.output, as: UTF8.self)
        guard outcome.succeeded, let status = text.split(whereSeparator: \.isWhitespace).last,
            let number = Int(status)
        else { throw failure(outcome, of: command) }
        return number
    }
}
