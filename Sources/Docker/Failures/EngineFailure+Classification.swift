import Deployments
public import Engine
public import Subprocess

extension EngineFailure {
    /// Finds out why a command failed, from how it ended and what it wrote. The exit status says little,
    /// because docker guesses it from words itself.
    ///
    /// - Parameters:
    ///   - verb: the verb of the command.
    ///   - image: the image that the deployment is about.
    public static func classify(
        verb: String,
        outcome: CommandOutcome,
        image: String
    ) -> EngineFailure {
        if let early = withoutText(verb, outcome) { return early }
        let lines = outcome.errorLines.map { $0.lowercased() }
        let phase = Phase(verb: verb)
        for cause in FailureCause.all where cause.phases.contains(phase) {
            guard lines.contains(where: cause.matches) else { continue }
            func fill(_ sentence: String) -> String {
                sentence.replacing("{words}", with: telling(outcome.errorLines) ?? "")
                    .replacing("{registry}", with: (try? ImageReference(image))?.registry ?? "")
                    .replacing("{image}", with: image)
            }
            return EngineFailure(
                code: cause.code,
                message: fill(cause.message),
                hint: fill(cause.hint)
            )
        }
        return unknown(verb, phase, outcome)
    }

    /// The purposes of commands. The same words have another meaning in another phase.
    enum Phase: CaseIterable {
        case pull, create, start, copy, build, other

        init(verb: String) {
            switch verb {
            case "pull", "manifest inspect": self = .pull
            // A request to the engine creates a container.
            case "create", "system dial-stdio": self = .create
            case "start": self = .start
            case "cp": self = .copy
            case "build": self = .build
            default: self = .other
            }
        }
    }

    private static func withoutText(
        _ verb: String,
        _ outcome: CommandOutcome
    ) -> EngineFailure? {
        if outcome.cancelled {
            return EngineFailure(
                code: .cancelled,
                message: "The docker command was ended before it was done.",
                hint: "Deploy again when you are ready."
            )
        }
        if case .notStarted(let reason) = outcome.termination {
            return EngineFailure(
                code: .dockerUnavailable,
                message: "The docker command could not be started: \(reason).",
                hint: "Install the docker client on the server's machine, or name it with --docker."
            )
        }
        if outcome.inputFailure is PipeNotWaitedFor {
            return EngineFailure(
                code: .internal,
                message: "The docker command was ended: the kernel does not report its pipes.",
                hint: "See /proc/sys/fs/epoll/max_user_watches, and the memory that is left."
            )
        }
        if let failure = outcome.inputFailure {
            return EngineFailure(
                code: .sourceUnreadable,
                message: "The files to copy could not be read: \(failure).",
                hint: "See that the folder is complete and readable, then deploy again."
            )
        }
        if outcome.deadlinePassed {
            let seconds = outcome.duration.components.seconds
            return EngineFailure(
                code: .timedOut,
                message: "docker \(verb) had not finished after \(seconds) s.",
                hint: "See whether the engine still answers: docker version, docker ps."
            )
        }
        return nil
    }

    private static func unknown(
        _ verb: String,
        _ phase: Phase,
        _ outcome: CommandOutcome
    ) -> EngineFailure {
        let end =
            switch outcome.termination {
            case .signalled(let signal): "was ended by signal \(signal)"
            default: "failed with exit status \(outcome.exitCode ?? 0)"
            }
        let words = telling(outcome.errorLines).map { ": \($0)" } ?? " and gave no reason."
        // The engine's answer to a creation is about the settings in it.
        if phase == .create,
            let answer = outcome.errorLines.first(where: { $0.hasPrefix(answers[0]) })
        {
            return EngineFailure(
                code: .settingsRefused,
                message: "The engine does not accept the container's settings: "
                    + answer.dropFirst(answers[0].count),
                hint: "Correct the setting in the request, or in the image."
            )
        }
        return EngineFailure(
            code: phase == .copy ? .copyFailed : .internal,
            message: "docker \(verb) \(end)\(words)",
            hint: "Read the engine's own lines in output_tail; the engine's log may say more."
        )
    }

    private static let answers = ["Error response from daemon: ", "Error: "]

    /// The line that says the most: the engine's answer, or else the last line.
    private static func telling(_ lines: [String]) -> String? {
        let ignored = ["See '", "Run '", "Usage:", "Digest: ", "Status: "]
        let useful = lines.filter { line in !ignored.contains { line.hasPrefix($0) } }
        for answer in answers {
            if let line = useful.first(where: { $0.hasPrefix(answer) }) {
                return String(line.dropFirst(answer.count))
            }
        }
        return useful.last
    }
}
