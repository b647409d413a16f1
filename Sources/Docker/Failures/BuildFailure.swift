import Engine

/// What the builder's last line says about a build that has failed.
struct BuildFailure: Equatable {
    /// A sentence without its full stop; empty if the line says nothing.
    private(set) var reason: String
    /// The exit status of the step's program; nil if that is not what failed.
    private(set) var exitCode: Int?
    /// Whether the client is set to build with BuildKit, and cannot.
    let isWithoutBuildKit: Bool
    /// Whether the step itself has failed.
    let isOfStep: Bool
    /// Whether a layer is missing that another build had made.
    let lacksLayer: Bool

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
        let beginnings = [
            "The command '", "COPY failed", "ADD failed", "process \"", "executor failed",
        ]
        isOfStep = exitCode != nil || beginnings.contains { text.hasPrefix($0) }
        lacksLayer = !isOfStep && text.contains("No such image: sha256:")
    }

    /// A sentence for a person, with the failing step.
    func message(at progress: BuildProgress) -> String {
        if isWithoutBuildKit {
            return "The docker client is set to build with BuildKit, but lacks its buildx plugin."
        }
        let state = progress.state
        let step =
            progress.failed?.step
            ?? BuildProgress.Step(
                stage: "",
                number: state.number,
                total: state.total,
                text: state.step
            )
        guard !step.text.isEmpty else {
            return reason.isEmpty
                ? "The image could not be built." : "The image could not be built: \(reason)."
        }
        let place = step.stage.isEmpty ? "" : " of stage \(step.stage)"
        let what = "Step \(step.number) of \(step.total)\(place) (\(step.text))"
        if let exitCode { return "\(what) ended with exit code \(exitCode)." }
        return reason.isEmpty ? "\(what) failed." : "\(what) failed: \(reason)."
    }
}
