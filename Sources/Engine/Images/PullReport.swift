import Synchronization

/// How far a pull has come. The engine reports it, and whoever waits for the pull reads it.
public final class PullReport: Sendable {
    /// What is known at one moment.
    public struct State: Sendable {
        /// How far it has come.
        public var snapshot = PullSnapshot()
        /// Whether totals are worth showing. They keep growing until the sizes of the layers are known,
        /// or it is known that they cannot be had.
        public var isSized = false
        /// The engine's last lines that are not about a layer.
        public var lines: [String] = []

        /// Nothing is known yet.
        public init() {}
    }

    private let known = Mutex(State())

    /// Nothing is known yet.
    public init() {}

    /// What is known now.
    public var state: State { known.withLock { $0 } }

    /// Replaces what is known.
    public func tell(_ state: State) {
        known.withLock { $0 = state }
    }
}
