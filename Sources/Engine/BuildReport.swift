public import Deployments
import Synchronization

/// What an image is built of, and what it is called then.
public struct BuildSpecification: Sendable {
    /// The name that the image gets.
    public var name: String
    /// What the file with the steps says, and which of it is built.
    public var build: ImageBuild
    /// `os/arch[/variant]`; nil for the engine's own.
    public var platform: String?
    /// Whether the images that it begins from are asked for anew.
    public var pulls: Bool

    /// A specification.
    public init(name: String, build: ImageBuild, platform: String? = nil, pulls: Bool = false) {
        self.name = name
        self.build = build
        self.platform = platform
        self.pulls = pulls
    }
}

/// How far a build has come: told by the engine, and looked at by whoever waits for it.
///
/// What a step's program writes cannot be told from what the builder writes, by some builders: whatever
/// is made of this must be looked at first.
public final class BuildReport: Sendable {
    /// What is known at one moment.
    public struct State: Sendable, Equatable {
        /// The steps that are done.
        public var done = 0
        /// All steps, as far as they are known.
        public var total = 0
        /// The step that was begun last, as its file says it: `RUN make`; empty before the first.
        public var step = ""
        /// How many were begun.
        public var number = 0
        /// The container in which the step runs, by its short id; nil if it has none, or none that is
        /// told.
        public var container: String?
        /// The unnamed images that were made on the way, by their short ids.
        public var images: [String] = []

        /// Nothing has been told yet.
        public init() {}
    }

    private let known = Mutex(State())
    /// What is taken out of everything, because nobody may see it.
    public let confidential: [String]
    private let takeLine: @Sendable (String) -> Void

    /// - Parameters:
    ///   - confidential: what is taken out of everything, because nobody may see it.
    ///   - takeLine: given lines that are for a person; must be quick.
    public init(
        confidential: [String] = [],
        _ takeLine: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.confidential = confidential
        self.takeLine = takeLine
    }

    /// What is known now.
    public var state: State { known.withLock { $0 } }

    /// Takes in what is known now.
    public func tell(_ state: State) {
        known.withLock { $0 = state }
    }

    /// Hands a line on.
    public func tell(line: String) {
        takeLine(line)
    }
}
