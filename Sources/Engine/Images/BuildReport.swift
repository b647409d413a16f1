public import Deployments
import Synchronization

/// What an image is built from, and the name that it gets.
public struct BuildSpecification: Sendable {
    /// The name that the image gets.
    public var name: String
    /// The file with the steps, the stage to build and the arguments.
    public var build: ImageBuild
    /// `os/arch[/variant]`; nil for the engine's own.
    public var platform: String?
    /// Whether the images that it begins from are pulled again.
    public var pulls: Bool

    /// A specification.
    public init(name: String, build: ImageBuild, platform: String? = nil, pulls: Bool = false) {
        self.name = name
        self.build = build
        self.platform = platform
        self.pulls = pulls
    }
}

/// How far a build has come. The engine reports it, and whoever waits for the build reads it.
///
/// With some builders, the output of a step's program can pass for the builder's own, so the ids in a
/// state may be forged. Look at what they name before acting on it.
public final class BuildReport: Sendable {
    /// What is known at one moment.
    public struct State: Sendable, Equatable {
        /// The steps that are done.
        public var done = 0
        /// All steps, as far as they are known.
        public var total = 0
        /// The step that was begun last, as its file has it: `RUN make`. Empty before the first.
        public var step = ""
        /// How many steps were begun.
        public var number = 0
        /// The short id of the container in which the step runs; nil if there is none, or the builder
        /// does not name it.
        public var container: String?
        /// The short ids of the unnamed images that were made on the way.
        public var images: [String] = []

        /// Nothing is known yet.
        public init() {}
    }

    private let known = Mutex(State())
    /// The texts that are masked in all output, because nobody may see them.
    public let confidential: [String]
    private let takeLine: @Sendable (String) -> Void

    /// - Parameters:
    ///   - confidential: the texts that are masked in all output, because nobody may see them.
    ///   - takeLine: takes lines that are for a person; must return quickly.
    public init(
        confidential: [String] = [],
        _ takeLine: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.confidential = confidential
        self.takeLine = takeLine
    }

    /// What is known now.
    public var state: State { known.withLock { $0 } }

    /// Replaces what is known.
    public func tell(_ state: State) {
        known.withLock { $0 = state }
    }

    /// Hands on a line that is for a person.
    public func tell(line: String) {
        takeLine(line)
    }
}
