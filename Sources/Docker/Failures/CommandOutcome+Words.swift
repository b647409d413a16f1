import Subprocess

extension CommandOutcome {
    /// Whether the engine said that it has nothing of the name that was given.
    var saysMissing: Bool {
        says(["No such container", "No such object", "No such image", "o such volume"])
    }

    /// Whether nothing has the name that was given, but several ids begin with it. Docker looks at both.
    var saysAmbiguous: Bool {
        says(["ultiple IDs found with provided prefix"])
    }

    /// Whether the command never reached the engine.
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
