/// The numbers of commands that a runner has run since its start. The counts of ends only grow.
public struct CommandStatistics: Sendable, Equatable {
    /// A command's name together with how it ended.
    public struct End: Sendable, Hashable {
        /// The command's name.
        public let name: String
        /// How it ended.
        public let outcome: Outcome
    }

    /// How a command ended.
    public enum Outcome: String, Sendable, CaseIterable {
        /// It ended by itself with status 0.
        case success
        /// It ended by itself with another status, by a signal from elsewhere, or because its input failed.
        case failed
        /// It took too long.
        case timedOut = "timed_out"
        /// The task that ran it was cancelled.
        case cancelled
        /// There was no process.
        case notStarted = "not_started"
    }

    /// The number of commands for each kind of end.
    public private(set) var ends: [End: Int] = [:]
    /// The number of commands that are running.
    public internal(set) var running = 0

    /// Statistics of a runner that has run nothing yet.
    public init() {}

    mutating func note(_ name: String, _ outcome: CommandOutcome) {
        ends[End(name: name, outcome: Outcome(outcome)), default: 0] += 1
    }
}

extension CommandStatistics.Outcome {
    init(_ outcome: CommandOutcome) {
        self =
            if case .notStarted = outcome.termination {
                .notStarted
            } else if outcome.cancelled {
                .cancelled
            } else if outcome.deadlinePassed {
                .timedOut
            } else {
                outcome.succeeded ? .success : .failed
            }
    }
}
