import Subprocess

extension CommandOutcome {
    /// Whether the engine said that what was named is not there.
    var saysMissing: Bool {
        says(["No such container", "No such object", "No such image", "o such volume"])
    }

    /// Whether a name that nothing has is how several ids begin: docker then looks among these.
    var saysAmbiguous: Bool {
        says(["ultiple IDs found with provided prefix"])
    }

    /// Whether the engine has heard nothing of the command.
    var neverArrived: Bool {
        if case .notStarted = termination { return true }
        return says([
            "annot connect to the Docker daemon", "ailed to connect to the docker API",
            "ailed to open the raw stream connection",
        ])
    }

    private func says(_ words: [String]) -> Bool {
        !succeeded && errorLines.contains { line in words.contains { line.contains($0) } }
    }
}
