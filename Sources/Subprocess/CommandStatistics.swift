/// What a runner has done since its start. Counts only grow.
public struct CommandStatistics: Sendable, Equatable {
    /// A kind of end.
    public struct End: Sendable, Hashable {
        /// The command's name.
        public let name: String
        /// How it ended.
        public let outcome: Outcome
    }

    /// How a command ended.
    public enum Outcome: String, Sendable, CaseIterable {
        /// By itself, and said that all went well.
        case success
        /// By itself, by a signal of others, or because its input broke off.
        case failed
        /// It took too long.
        case timedOut = "timed_out"
        /// Whoever ran it wanted no more of it.
        case cancelled
        /// There was no process.
        case notStarted = "not_started"
    }

    /// How many commands ended so.
    public private(set) var ends: [End: Int] = [:]
    /// How many run at the moment.
    public internal(set) var running = 0

    /// Of a runner that has done nothing yet.
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
