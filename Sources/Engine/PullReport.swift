import Synchronization

/// How far a pull has come: told by the engine, and looked at by whoever waits for it.
public final class PullReport: Sendable {
    /// What is known at one moment.
    public struct State: Sendable {
        /// How far it has come.
        public var snapshot = PullSnapshot()
        /// Whether totals are worth telling: before the sizes of the layers are known, or known not to
        /// be had, they would only grow.
        public var isSized = false
        /// The engine's last lines that are not about a layer.
        public var lines: [String] = []

        /// Nothing has been told yet.
        public init() {}
    }

    private let known = Mutex(State())

    /// Nothing has been told yet.
    public init() {}

    /// What is known now.
    public var state: State { known.withLock { $0 } }

    /// Takes in what is known now.
    public func tell(_ state: State) {
        known.withLock { $0 = state }
    }
}
