import Deployments
public import Engine
import Foundation
public import Streams
import Subprocess
import Threads

extension DockerEngine {
    /// Builds an image from the files in a tar archive.
    public func build(
        _ specification: BuildSpecification,
        of context: any ByteSource,
        report: BuildReport
    ) async throws(EngineFailure) {
        try checkArguments(Array(specification.build.arguments.keys))
        let command = DockerCommand.build(specification)
        let reader = BuildReader(report)
        let outcome = await outcome(ofBuild: command, context, reader)
        let progress = reader.end(succeeded: outcome.succeeded)
        guard !outcome.succeeded else { return }
        throw failure(ofBuild: command, outcome, progress, specification)
    }

    /// How long a copying step may still take after the task is cancelled.
    private static let patience: Duration = .seconds(2)
    /// The most bytes of output that are on their way to the reader.
    private static let mostOutput = 262_144

    private func outcome(
        ofBuild command: DockerCommand,
        _ context: any ByteSource,
        _ reader: BuildReader
    ) async -> CommandOutcome {
        let engine = self
        // Awaited right below, and cancelled there.
        let task = Task { await engine.run(command, context, reader) }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            // The engine would finish a copy even without its client, and nobody would learn of the image
            // that comes of it. This task ends by itself; cancelling a finished task does nothing.
            Task {
                let end = ContinuousClock.now + Self.patience
                while reader.isCopying, ContinuousClock.now < end {
                    try? await Task.pause(for: .milliseconds(20))  // Never cancelled.
                }
                task.cancel()
            }
        }
    }

    private func run(
        _ command: DockerCommand,
        _ context: any ByteSource,
        _ reader: BuildReader
    ) async -> CommandOutcome {
        // Read here, because the thread that serves the command must not wait for so much output.
        let flow = OutputFlow(limit: Self.mostOutput)
        let (pieces, end) = AsyncStream.makeStream(of: [UInt8].self)
        @Sendable func serve() async -> CommandOutcome {
            defer { end.finish() }
            return await outcome(
                command,
                input: context,
                onOutput: { end.yield($0) },
                flow: flow
            )
        }
        async let ended = serve()
        for await piece in pieces {
            reader.feed(piece)
            flow.took(piece.count)
            await Task.yield()
        }
        return await ended
    }

    /// What went wrong. The output of a step's program says nothing about it, so only the builder's last
    /// line counts.
    private func failure(
        ofBuild command: DockerCommand,
        _ outcome: CommandOutcome,
        _ progress: BuildProgress,
        _ specification: BuildSpecification
    ) -> EngineFailure {
        var end = outcome
        end.errorLines = outcome.errorLines.suffix(1)
        var failure = failure(end, of: command)
        failure.lines = progress.lines
        let last = work.mask(end.errorLines).first ?? ""
        let words = BuildFailure(lastLine: progress.failed?.reason ?? last)
        failure.isMissing = words.lacksLayer
        let others: Set<FailureCode> = [
            .dockerUnavailable, .dockerPermissionDenied, .diskFull, .cancelled,
        ]
        let isOther = outcome.inputFailure != nil || others.contains(failure.code)
        if isOther, outcome.cancelled || progress.failed == nil && !words.isOfStep {
            return failure
        }
        failure.code = .buildFailed
        failure.exitCode = words.exitCode ?? outcome.exitCode
        failure.message = words.message(at: progress)
        let file = specification.build.dockerfile
        failure.hint =
            progress.failed == nil && progress.state.step.isEmpty
            ? "Correct \(file) or the source, then deploy again."
            : "Correct the step in \(file): its last lines tell why."
        if words.isWithoutBuildKit {
            failure.hint =
                "Install the client's buildx plugin, or set DOCKER_BUILDKIT=0 for the server."
        }
        return failure
    }

    // MARK: The names of arguments

    /// Throws unless the arguments may be put into the client's environment. Some names are refused when
    /// the request is decoded. Which others have a meaning depends on the client's environment and on the
    /// programs that it starts.
    private func checkArguments(_ names: [String]) throws(EngineFailure) {
        let set = names.filter { configuration.environment[$0] != nil }.sorted()
        if let name = set.first {
            throw Self.refused(name, "is a variable of the server's own: give it another name")
        }
        guard configuration.startsOthers else { return }
        let other = names.sorted().first { name in
            !["ARG_", "BUILD_"].contains(where: name.hasPrefix)
        }
        if let other {
            throw Self.refused(
                other,
                "could steer a program that the docker client starts here: begin its name with ARG_ or"
                    + " BUILD_"
            )
        }
    }

    private static func refused(_ name: String, _ reason: String) -> EngineFailure {
        EngineFailure(
            code: .buildFailed,
            message: "The argument \(name) \(reason).",
            hint: "Change it in build.args and in the file with the steps."
        )
    }
}

extension DockerConfiguration {
    /// Whether the client may start other programs: ssh, credential helpers, or anything if the client is
    /// a script.
    var startsOthers: Bool {
        if engineAddress?.hasPrefix("ssh://") ?? true { return true }
        let file = clientFile
        let helpers = file?["credHelpers"]?.members ?? []
        if !(file?["credsStore"]?.string ?? "").isEmpty || !helpers.isEmpty { return true }
        let program = FileHandle(forReadingAtPath: executable)
        let start = try? program?.read(upToCount: 4)
        return start != Data([0x7F, 0x45, 0x4C, 0x46])
    }
}
