import Deployments
public import Engine
public import Streams
import Subprocess
import Synchronization
import Threads

extension DockerEngine {
    /// Builds an image of the files in a tar archive.
    public func build(
        _ specification: BuildSpecification,
        of context: any ByteSource,
        report: BuildReport
    ) async throws(EngineFailure) {
        let command = DockerCommand.build(specification)
        let reader = BuildReader(report)
        let outcome = await outcome(ofBuild: command, context, reader)
        let progress = reader.end(succeeded: outcome.succeeded)
        guard !outcome.succeeded else { return }
        throw failure(ofBuild: command, outcome, progress, specification)
    }

    /// How long a step that cannot be broken off is waited for after the task is cancelled.
    private static let patience: Duration = .seconds(2)

    private func outcome(
        ofBuild command: DockerCommand,
        _ context: any ByteSource,
        _ reader: BuildReader
    ) async -> CommandOutcome {
        let engine = self
        // Awaited right below; cancelled there.
        let task = Task {
            await engine.outcome(command, input: context, onOutput: { reader.feed($0) })
        }
        return await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            // The engine carries a copy out to its end, and makes an image of it that nobody would learn
            // of. Ends by itself; cancelling a finished task does nothing.
            Task {
                let end = ContinuousClock.now + Self.patience
                while reader.isCopying, ContinuousClock.now < end {
                    try? await Task.pause(for: .milliseconds(20))  // Never cancelled.
                }
                task.cancel()
            }
        }
    }

    /// What went wrong. What a step's program writes is no reason: only the builder's last words are
    /// looked at.
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
        let words = BuildFailure(lastLine: outcome.errorLines.last ?? "")
        let others: Set<FailureCode> = [
            .dockerUnavailable, .dockerPermissionDenied, .diskFull, .cancelled,
        ]
        // A step's own words may be any.
        let isOther = outcome.inputFailure != nil || others.contains(failure.code)
        if isOther, words.exitCode == nil || outcome.cancelled { return failure }
        failure.code = .buildFailed
        failure.exitCode = words.exitCode ?? outcome.exitCode
        failure.message = words.message(at: progress)
        failure.hint =
            progress.failed == nil && progress.state.step.isEmpty
            ? "Correct \(specification.build.dockerfile) or the source, then deploy again."
            : "Correct the step in \(specification.build.dockerfile): its last lines tell why."
        if words.isWithoutBuildKit {
            failure.hint =
                "Install the client's buildx plugin, or set DOCKER_BUILDKIT=0 for the server."
        }
        return failure
    }
}

/// What the builder says last of a build that has failed.
struct BuildFailure: Equatable {
    /// A sentence without full stop; empty if it says nothing.
    private(set) var reason: String
    /// Of the step's program, where one has ended with it.
    private(set) var exitCode: Int?
    let isWithoutBuildKit: Bool

    init(lastLine: String) {
        isWithoutBuildKit = lastLine.contains("docs.docker.com/go/buildx")
        var text = lastLine[...]
        for start in [
            "ERROR: ", "failed to build: ", "failed to solve: ",
            "rpc error: code = Unknown desc = ",
            "failed to solve with frontend dockerfile.v0: ", "failed to create LLB definition: ",
            "Error response from daemon: ",
        ] where text.hasPrefix(start) {
            text = text.dropFirst(start.count)
        }
        reason = String(text.prefix(500))
        while reason.hasSuffix(".") { reason.removeLast() }
        for words in ["returned a non-zero code: ", "exit code: "] {
            guard let place = text.ranges(of: words).last else { continue }
            exitCode = Int(text[place.upperBound...])
        }
    }

    /// A sentence for a person, with the failing step.
    func message(at progress: BuildProgress) -> String {
        let state = progress.state
        let step =
            progress.failed
            ?? BuildProgress.Step(
                stage: "",
                number: state.number,
                total: state.total,
                text: state.step
            )
        if isWithoutBuildKit {
            return "The docker client is to build with BuildKit, and lacks its buildx plugin."
        }
        guard !step.text.isEmpty else {
            return reason.isEmpty
                ? "The image could not be built." : "The image could not be built: \(reason)."
        }
        let text = step.text.count > 200 ? step.text.prefix(200) + "…" : step.text[...]
        let place = step.stage.isEmpty ? "" : " of stage \(step.stage)"
        let what = "Step \(step.number) of \(step.total)\(place) (\(text))"
        if let exitCode { return "\(what) ended with exit code \(exitCode)." }
        return reason.isEmpty ? "\(what) failed." : "\(what) failed: \(reason)."
    }
}

/// Reads a build's output, and reports what it says.
final class BuildReader: Sendable {
    /// Of a line, more is not looked at.
    private static let longestLine = 16_384

    private struct State: Sendable {
        var lines: RedactedLines
        var progress = BuildProgress()
    }

    private let state: Mutex<State>
    private let report: BuildReport

    init(_ report: BuildReport) {
        self.report = report
        state = Mutex(State(lines: RedactedLines(report.redactor, limit: Self.longestLine)))
    }

    /// Whether the builder is at a step that does not end before it is done.
    var isCopying: Bool { state.withLock { $0.progress.isCopying } }

    func feed(_ bytes: [UInt8]) {
        state.withLock { state in
            for line in state.lines.feed(bytes) { take(line, &state.progress) }
            report.tell(state.progress.state)
        }
    }

    /// The output is at its end.
    func end(succeeded: Bool) -> BuildProgress {
        state.withLock { state in
            if let last = state.lines.finish() { take(last, &state.progress) }
            if succeeded { state.progress.finish() }
            report.tell(state.progress.state)
            return state.progress
        }
    }

    private func take(_ line: String, _ progress: inout BuildProgress) {
        var output = TerminalOutput(limit: 2 * Self.longestLine)
        let take = { (piece: [UInt8]) in
            let text = String(decoding: piece, as: UTF8.self)
            if let shown = progress.take(text) { self.report.tell(line: shown) }
        }
        withoutActuallyEscaping(take) { take in
            output.feed(Array(line.utf8), take)
            output.finish(take)
        }
    }
}
